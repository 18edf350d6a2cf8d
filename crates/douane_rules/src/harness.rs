//! Runs the examples of Markdown pages as tests.
//!
//! A page is cut into examples: fenced blocks that follow each other, up to the next heading or the next line that ends
//! with a colon. Each example is a small project:
//!
//! - ` ```py path ` is a Python file (`main.py` without a path), `pyi` a stub; below `site-packages/` it is third-party;
//! - `untracked` behind the path of a file makes it one that is there but not in git;
//! - ` ```so path ` is a compiled module, whose lines are the modules that it names;
//! - ` ```toml ` holds the rule's options on a rule's page, and a whole `lint.toml` elsewhere;
//! - a comment `# error: [rule] "part of the message"` expects a diagnostic on its line, or, on a line of its own, one on
//!   that line or above the first code (several may share a line). Every expectation must be met, and every diagnostic
//!   expected;
//! - on a rule's page, where the findings of an example have safe fixes, making them must give the example below
//!   "Use instead:".

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use douane_base::{Applicability, Diagnostic, FileId, LineIndex, ModuleName, Platform, PythonVersion};
use douane_cost::{Installed, LoadFacts, LoadedKind, LoadedModule, Modules};
use douane_fixer::Accepted;
use douane_graph::{ModuleGraph, ModuleKind, ModuleSource, Origin, Program, StandardLibrary, link};
use douane_parser::{FileFacts, ParseOptions, SourceKind, parse};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Absence, LoadBudget, Project, Rule, RuleSettings, Selection, Settings, check, find_rule, rule_settings};

/// One example of a page.
pub struct Example {
    /// The heading or sentence above it.
    pub title: String,
    /// The line of the page that it starts on.
    pub line: usize,
    blocks: Vec<Block>,
}

struct Block {
    language: String,
    path: Option<String>,
    text: String,
    line: usize,
}

/// Checks the examples of a rule's page with that rule alone.
///
/// # Panics
/// Panics if an example does not hold, or if the page has none.
pub fn check_page(rule: &'static Rule) {
    let page =
        rule.documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let examples = examples(&page);
    let mut failures = String::new();
    let mut expects = 0;
    let mut fix = None;
    for (at, example) in examples.iter().enumerate() {
        let options = example.block("toml").map(|block| format!("[rules.{}]\n{}", rule.name, block.text));
        let mut select = vec![rule];
        select.extend(example.blocks.iter().flat_map(|block| named_in_comments(&block.text)));
        let selection = Selection { select, ..Selection::default() };
        let mut outcome = run(example, options.as_deref(), &selection);
        if let Some(instead) = examples.get(at + 1).filter(|next| next.title == "Use instead:") {
            outcome.problems.extend(compare_fixed(example, instead, options.as_deref(), &selection));
        }
        expects += outcome.expectations;
        fix = fix.max(outcome.fix);
        report(example, &outcome, &mut failures);
    }
    assert_eq!(fix, rule.fix, "the best fix that the examples of `{}` get", rule.name);
    assert!(expects > 0, "the page of `{}` expects no finding", rule.name);
    assert!(failures.is_empty(), "the page of `{}`:\n{failures}", rule.name);
}

/// The rules that comments of an example silence: they have to be on.
fn named_in_comments(text: &str) -> impl Iterator<Item = &'static Rule> {
    let names = text.split("ignore[").skip(1).filter_map(|rest| rest.split(']').next());
    names.filter_map(find_rule).collect::<Vec<_>>().into_iter()
}

/// Checks the examples of a Markdown page with all rules, or those its `lint.toml` blocks choose. `unused-import` and
/// `unused-star` run only where an example expects them.
///
/// # Panics
/// Panics if an example does not hold, or if the page has none.
pub fn check_markdown(name: &str, page: &str) {
    let mut failures = String::new();
    let examples = examples(page);
    for example in &examples {
        let options = example.block("toml").map(|block| block.text.clone());
        let outcome = run(example, options.as_deref(), &without_unused(example));
        report(example, &outcome, &mut failures);
    }
    assert!(!examples.is_empty(), "`{name}` has no example");
    assert!(failures.is_empty(), "`{name}`:\n{failures}");
}

/// Examples are small, and what they import is rarely used: the rules about that run where an example names them.
fn without_unused(example: &Example) -> Selection {
    let names = ["unused-import", "unused-star"];
    let is_named = |name: &str| example.blocks.iter().any(|block| block.text.contains(&format!("[{name}]")));
    let ignore = names.into_iter().filter(|name| !is_named(name)).filter_map(find_rule).collect();
    Selection { ignore, ..Selection::default() }
}

fn report(example: &Example, outcome: &Outcome, failures: &mut String) {
    if !outcome.problems.is_empty() {
        let _ = writeln!(failures, "- example `{}` (line {}):", example.title, example.line);
        for problem in &outcome.problems {
            let _ = writeln!(failures, "    {problem}");
        }
    }
}

impl Block {
    /// The path of a file that is not in git.
    fn untracked(&self) -> Option<&str> {
        self.path.as_deref()?.strip_suffix(" untracked")
    }
}

impl Example {
    fn block(&self, language: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.language == language)
    }
}

/// Cuts a page into examples.
#[must_use]
pub fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut title = String::new();
    let mut starts_new = true;
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            if line.starts_with('#') || line.trim_end().ends_with(':') {
                title = line.trim_start_matches('#').trim().to_owned();
                starts_new = true;
            }
            continue;
        };
        let (language, path) =
            info.trim().split_once(' ').map_or((info.trim(), None), |(language, path)| (language, Some(path.trim())));
        let mut text = String::new();
        for (_, line) in lines.by_ref() {
            if line.starts_with("```") {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        let block = Block { language: language.to_owned(), path: path.map(str::to_owned), text, line: number + 2 };
        match found.last_mut() {
            Some(example) if !starts_new => example.blocks.push(block),
            _ => found.push(Example { title: title.clone(), line: number + 1, blocks: vec![block] }),
        }
        starts_new = false;
    }
    found.retain(|example| example.block("py").is_some() || example.block("pyi").is_some());
    found
}

struct Outcome {
    expectations: usize,
    /// How far the best fix may be trusted.
    fix: Option<Applicability>,
    problems: Vec<String>,
}

struct File {
    path: String,
    text: String,
    page_line: usize,
}

fn run(example: &Example, configuration: Option<&str>, selection: &Selection) -> Outcome {
    let files = files(example);
    match configured(configuration) {
        Ok(settings) => {
            let settings = Settings::new(settings, selection);
            compare(&files, diagnostics(example, &files, &settings))
        }
        Err(message) => Outcome { expectations: 0, fix: None, problems: vec![message] },
    }
}

/// The Python files of an example, in the order of their paths.
fn files(example: &Example) -> Vec<File> {
    let mut files: Vec<File> = example
        .blocks
        .iter()
        .filter(|block| matches!(block.language.as_str(), "py" | "pyi") && block.untracked().is_none())
        .map(|block| File {
            path: block.path.clone().unwrap_or_else(|| "main.py".to_owned()),
            text: block.text.clone(),
            page_line: block.line,
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Applies the safe fixes of an example, if it has any: what comes out must be what stands below "Use instead:".
fn compare_fixed(
    example: &Example,
    instead: &Example,
    configuration: Option<&str>,
    selection: &Selection,
) -> Vec<String> {
    const MOST_ROUNDS: usize = 10;
    let Ok(settings) = configured(configuration) else { return Vec::new() };
    let settings = Settings::new(settings, selection);
    let mut fixed = files(example);
    for file in &mut fixed {
        file.text = without_expectations(&file.text);
    }
    let mut is_fixed = false;
    for _ in 0..MOST_ROUNDS {
        let mut accepted = Accepted::default();
        for diagnostic in diagnostics(example, &fixed, &settings) {
            if let Some(fix) = diagnostic.fix.filter(|fix| fix.applicability == Applicability::Safe) {
                accepted.accept(&fix);
            }
        }
        if accepted.is_empty() {
            break;
        }
        is_fixed = true;
        for (id, changes) in accepted.files() {
            let file = &mut fixed[id.0 as usize];
            match douane_fixer::edits(id, &file.text, &changes) {
                Some(edits) => file.text = douane_fixer::apply(&file.text, &edits),
                None => return vec![format!("{}: the fix can't be made: {changes:?}", file.path)],
            }
        }
    }
    if !is_fixed {
        return Vec::new();
    }
    let wanted = files(instead);
    let differs = |file: &&File| {
        wanted.iter().any(|wanted| wanted.path == file.path && wanted.text.trim_end() != file.text.trim_end())
    };
    let described = |file: &File| format!("{}: the fix gives\n{}", file.path, file.text);
    fixed.iter().filter(differs).map(described).collect()
}

fn without_expectations(text: &str) -> String {
    let line = |line: &str| match line.find("# error: [") {
        Some(at) => line[..at].trim_end().to_owned(),
        None => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

/// What the rules find in the files.
fn diagnostics(example: &Example, files: &[File], settings: &Settings) -> Vec<Diagnostic> {
    let facts: Vec<FileFacts> = files
        .iter()
        .map(|file| {
            let kind = SourceKind::of(Path::new(&file.path));
            parse(&file.text, &ParseOptions { version: PythonVersion::NEWEST, platform: Platform::Linux, kind })
        })
        .collect();
    let has_environment =
        example.blocks.iter().any(|block| block.path.as_deref().is_some_and(|path| path.starts_with(SITE)));
    let library = StandardLibrary::new(PythonVersion::NEWEST.minor());
    let program = Program::new(modules(example, files), &facts, library, has_environment);
    let graph = link(&program);
    let checked: Vec<(FileId, String)> = (0..)
        .map(FileId)
        .zip(files)
        .filter(|(_, file)| !file.path.starts_with(SITE))
        .map(|(id, file)| (id, file.path.clone()))
        .collect();
    let installed = installed(&graph, &facts, files, library);
    let mut project = Project::new(&facts, &graph, &checked);
    let budgets = budgets(example.block("toml").map(|block| block.text.as_str()));
    project.budgets = &budgets;
    let absent = example.blocks.iter().filter_map(Block::untracked).filter_map(|path| {
        let name = ModuleName::new(&path.trim_end_matches(".py").replace('/', "."))?;
        Some((name, Absence::Untracked(path.to_owned())))
    });
    let absent = absent.collect();
    project.absent = &absent;
    project.installed = Some(&installed).filter(|_| settings.want_costs(!budgets.is_empty()));
    let diagnostics = check(&project, settings);
    // What is found in a file is the same if findings are wanted of no other.
    for file in &checked {
        project.reported = std::slice::from_ref(file);
        let alone = check(&project, settings);
        let of_file = diagnostics.iter().filter(|diagnostic| diagnostic.primary.file == file.0);
        assert!(of_file.eq(&alone), "{}: alone, the findings are {alone:#?}", file.1);
    }
    diagnostics
}

/// What the files and the standard library load. Of this nothing but the names is known.
fn installed(graph: &ModuleGraph, facts: &[FileFacts], files: &[File], library: StandardLibrary) -> Installed {
    let mut modules = Modules::default();
    let bare = |name: &str, kind: LoadedKind| LoadedModule {
        name: name.into(),
        kind,
        is_package: false,
        path: None,
        bytes: 0,
        measured: None,
        facts: LoadFacts::default(),
    };
    for module in graph.ids().map(|id| graph.module(id)).filter(|module| module.origin != Origin::Standard) {
        let mut loaded = bare(module.name.as_str(), LoadedKind::Source);
        loaded.is_package = module.is_package();
        if let Some(file) = module.file.map(|file| file.0 as usize) {
            loaded.bytes = files[file].text.len() as u64;
            loaded.facts = LoadFacts::new(&facts[file], &files[file].text, loaded.is_package);
        }
        let standard = loaded.facts.wanted(&loaded.name, loaded.is_package).filter(|name| library.contains(name));
        standard.for_each(|name| modules.insert(bare(&name, LoadedKind::Builtin)));
        modules.insert(loaded);
    }
    Installed { modules, minor: library.minor() }
}

/// What an example's `[[cost.budgets]]` say.
fn budgets(text: Option<&str>) -> Vec<LoadBudget> {
    let table = text.and_then(|text| text.parse::<toml::Table>().ok());
    let budgets = table.as_ref().and_then(|table| table.get("cost")?.get("budgets")?.as_array());
    let budget = |budget: &toml::Value| {
        let modules = budget.get("modules").and_then(toml::Value::as_integer);
        Some(LoadBudget {
            target: budget.get("target")?.as_str()?.to_owned(),
            modules: modules.and_then(|modules| usize::try_from(modules).ok()),
            code: None,
        })
    };
    budgets.into_iter().flatten().filter_map(budget).collect()
}

const SITE: &str = "site-packages/";

fn configured(text: Option<&str>) -> Result<RuleSettings, String> {
    let Some(text) = text else { return Ok(RuleSettings::default()) };
    let table = DeTable::parse(text).map_err(|error| error.to_string())?;
    let get = |key: &str| -> Option<&Spanned<DeValue<'_>>> { table.get_ref().get(key) };
    rule_settings(get("rules"), get("overrides"))
        .map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; "))
}

/// The modules that the files are, with the folders that hold them.
fn modules(example: &Example, files: &[File]) -> Vec<ModuleSource> {
    let mut found: BTreeMap<(u8, String), ModuleSource> = BTreeMap::new();
    let mut entry = |path: &str, kind: ModuleKind, file: Option<(FileId, bool)>, loads: Vec<ModuleName>| {
        let (origin, path) = match path.strip_prefix(SITE) {
            Some(rest) => (Origin::ThirdParty, rest),
            None => (Origin::FirstParty, path),
        };
        let order = u8::from(origin == Origin::ThirdParty);
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let is_init = stem == "__init__" || stem.ends_with("/__init__");
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        let kind = if is_init { ModuleKind::Package } else { kind };
        let dotted = stem.replace('/', ".");
        for (at, _) in dotted.match_indices('.') {
            let Some(name) = ModuleName::new(&dotted[..at]) else { continue };
            let folder =
                ModuleSource { name, kind: ModuleKind::Namespace, origin, file: None, stub: None, loads: Vec::new() };
            found.entry((order, dotted[..at].to_owned())).or_insert(folder);
        }
        let Some(name) = ModuleName::new(&dotted) else { return };
        let source = found.entry((order, dotted.clone())).or_insert(ModuleSource {
            name,
            kind,
            origin,
            file: None,
            stub: None,
            loads: Vec::new(),
        });
        if source.kind != ModuleKind::Extension {
            source.kind = kind;
        }
        source.loads.extend(loads);
        match file {
            Some((file, true)) => source.stub = Some(file),
            Some((file, false)) => source.file = Some(file),
            None => {}
        }
    };
    for block in example.blocks.iter().filter(|block| block.language == "so") {
        let loads = block.text.lines().filter_map(ModuleName::new).collect();
        entry(block.path.as_deref().unwrap_or("main.so"), ModuleKind::Extension, None, loads);
    }
    for (id, file) in (0..).map(FileId).zip(files) {
        entry(&file.path, ModuleKind::Source, Some((id, file.path.ends_with(".pyi"))), Vec::new());
    }
    found.into_values().collect()
}

struct Expectation {
    file: usize,
    line: u32,
    rule: String,
    message: Option<String>,
    text: String,
}

fn compare(files: &[File], diagnostics: Vec<Diagnostic>) -> Outcome {
    let expectations: Vec<Expectation> =
        files.iter().enumerate().flat_map(|(at, file)| expectations(at, file)).collect();
    let mut problems = Vec::new();
    let mut left: Vec<_> = diagnostics.iter().collect();
    for expected in &expectations {
        let file = &files[expected.file];
        let found = left.iter().position(|diagnostic| {
            let line = LineIndex::new(&file.text).line(diagnostic.primary.range.start());
            diagnostic.primary.file.0 as usize == expected.file
                && line == expected.line
                && diagnostic.rule == expected.rule
                && expected.message.as_ref().is_none_or(|part| diagnostic.message.contains(part.as_str()))
        });
        match found {
            Some(at) => drop(left.remove(at)),
            None => problems.push(format!("{}:{}: not found: {}", file.path, expected.line, expected.text)),
        }
    }
    for diagnostic in left {
        let file = &files[diagnostic.primary.file.0 as usize];
        let line = LineIndex::new(&file.text).line(diagnostic.primary.range.start());
        let page_line = file.page_line + line as usize - 1;
        problems.push(format!(
            "{}:{line} (line {page_line} of the page): not expected: [{}] {}",
            file.path, diagnostic.rule, diagnostic.message
        ));
    }
    let fix = diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).map(|fix| fix.applicability).max();
    Outcome { expectations: expectations.len(), fix, problems }
}

fn expectations(at: usize, file: &File) -> Vec<Expectation> {
    let mut found = Vec::new();
    for (number, line) in (1u32..).zip(file.text.lines()) {
        let mut rest = line;
        while let Some(start) = rest.find("# error: [") {
            let text = &rest[start + "# error: [".len()..];
            let Some((rule, after)) = text.split_once(']') else { break };
            let quoted = after.trim_start().strip_prefix('"');
            let message = quoted.and_then(|quoted| quoted.split_once('"')).map(|(message, _)| message.to_owned());
            found.push(Expectation {
                file: at,
                line: number,
                rule: rule.to_owned(),
                message,
                text: rest[start..].to_owned(),
            });
            rest = after;
        }
    }
    found
}
