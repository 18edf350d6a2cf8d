//! `douane check`

use std::{
    collections::BTreeSet,
    env,
    io::{self, Read, Write},
    path::Path,
    time::Instant,
};

use douane_base::{Applicability, Diagnostic, FileId, Severity, SourceFile};
use douane_reporter::{Format, Options, Report, RuleText, Sources, Summary};
use douane_rules::{Level, Override, RULES, Rule, Selection, Settings, nearest_rule};
use douane_workspace::write_file;
use douane_workspace::{Analysis, BASELINE, FixOptions, Fixed, Ignored, Overlay, Request, Sifted, Wanted, Workspace};
use rustc_hash::FxHashMap;

use crate::{
    arguments::{CheckArguments, OutputFile},
    codes::{Dialect, rules_of},
    differences,
    explain::markdown_page,
    inspect,
    outcome::{Outcome, refused, written},
    progress::Progress,
    terminal::{self, Color},
    watch,
};

pub(crate) fn run(arguments: &CheckArguments, color: Color) -> Outcome {
    let started = Instant::now();
    let colours = color.is_on(&io::stdout());
    let both = selection(arguments).and_then(|selection| Ok((selection, fix_options(arguments)?)));
    let (selection, fix_options) = match both {
        Ok(both) => both,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    let (paths, overlay) = match standard_input(arguments) {
        Ok(input) => input,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    arguments.program.start_threads();
    let request = match arguments.program.request(paths, overlay) {
        Ok(request) => Request {
            change: arguments.change(),
            only_given: arguments.only_given,
            exclude: arguments.exclude.clone(),
            extend_exclude: arguments.extend_exclude.clone(),
            ..request
        },
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    if arguments.watch {
        return watch::run(arguments, &request, &selection, colours);
    }
    let mut workspace = match Workspace::open(request) {
        Ok(workspace) => workspace,
        Err(failure) => return refused(failure, color.is_on(&io::stderr())),
    };
    if !arguments.is_quiet() {
        workspace.warnings().iter().for_each(|warning| terminal::warning(warning));
    }
    let settings = Settings::new(workspace.take_rules(), &selection).ignoring_comments(arguments.ignore_noqa);
    // What stands for standard input comes out as it went in, where it is passed over.
    let input = workspace.input().filter(|_| arguments.mends() && !arguments.diff).map(<[u8]>::to_vec);
    if arguments.force_exclude && workspace.drop_excluded() {
        if !arguments.is_quiet() {
            terminal::warning("all of the given paths are excluded");
        }
        return written(io::stdout().lock().write_all(&input.unwrap_or_default()), Outcome::Clean);
    }
    if arguments.show_settings {
        return written(inspect::show_settings(&workspace, &settings, &mut io::stdout().lock()), Outcome::Clean);
    }
    if arguments.show_files {
        return written(inspect::show_files(&workspace, &mut io::stdout().lock()), Outcome::Clean);
    }
    let progress = Progress::new(arguments.is_quiet());
    let tried = arguments.mends().then_some(fix_options.applicability);
    let Fixed { analysis, mut diagnostics, mut outside, mended, changed, problems } = if arguments.mends() {
        workspace.fix(&settings, fix_options, &|stage| progress.note(stage))
    } else if let Some(reason) = &arguments.add_ignore {
        let Ignored { analysis, diagnostics, silenced, problems } =
            workspace.add_ignores(&settings, reason.trim(), &|stage| progress.note(stage));
        if !arguments.is_quiet() {
            terminal::note(&format!("silenced {silenced} of {} findings", silenced + diagnostics.len()));
        }
        Fixed { problems, ..Fixed::nothing(analysis, Wanted { diagnostics, outside: Vec::new() }) }
    } else {
        let analysis = workspace.analyse(&|stage| progress.note(stage));
        progress.start("check");
        let wanted = workspace.wanted(&analysis, &settings, analysis.check(&settings));
        Fixed::nothing(analysis, wanted)
    };
    // Once for all, so that what the baseline knows or the change left alone makes no difference.
    if arguments.formats().any(Format::has_fingerprints) {
        analysis.fingerprint(diagnostics.iter_mut().chain(&mut outside));
    }
    let both = sifted(arguments, &workspace, &analysis, diagnostics).and_then(|inside| {
        let outside = if outside.is_empty() { outside } else { sifted(arguments, &workspace, &analysis, outside)?.0 };
        Ok((inside, outside))
    });
    let ((diagnostics, known), outside) = match both {
        Ok(both) => both,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    let diagnostics: Vec<Diagnostic> = match arguments.min_severity {
        Some(least) => diagnostics.into_iter().filter(|diagnostic| least.lets_through(diagnostic.severity)).collect(),
        None => diagnostics,
    };
    progress.start("report");
    progress.finish();
    if analysis.reported_files().next().is_none() && !arguments.is_quiet() {
        terminal::warning("no Python files found under the given paths");
    }
    problems.iter().for_each(|problem| terminal::error(problem));

    let is_input = arguments.mends() && workspace.input().is_some();
    let fixed: usize = mended.values().sum();
    let output: &mut dyn Write = if is_input && !arguments.diff {
        let result = io::stdout().lock().write_all(workspace.input().unwrap_or_default());
        if written(result, Outcome::Clean) != Outcome::Clean {
            return Outcome::Refused;
        }
        &mut io::stderr().lock()
    } else {
        &mut io::stdout().lock()
    };
    let output: &mut dyn Write = if arguments.silent { &mut io::sink() } else { output };
    let fails = match arguments {
        CheckArguments { diff: true, .. } => !changed.is_empty(),
        CheckArguments { fix_only: true, .. } => false,
        CheckArguments { exit_zero_on_warning: true, .. } => {
            diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
        }
        _ => !diagnostics.is_empty(),
    };
    let outcome = match (problems.is_empty(), fails || (arguments.exit_non_zero_on_fix && fixed > 0)) {
        (false, _) => Outcome::Refused,
        (true, true) if !arguments.exit_zero => Outcome::Findings,
        (true, _) => Outcome::Clean,
    };
    let result = if arguments.diff {
        differences::write(&changed, colours, output)
    } else {
        let shown: &[Diagnostic] = if arguments.fix_only { &[] } else { &diagnostics };
        let shows_known = arguments.formats().any(|format| format == Format::Sarif);
        let shown_known: &[Diagnostic] = if shows_known { &known } else { &[] };
        let files = Shown::read(&analysis, shown.iter().chain(shown_known));
        let summary = Summary {
            files: analysis.reported_files().count(),
            modules: modules(&analysis),
            only_fixed: arguments.fix_only,
            nothing_staged: workspace.nothing_is_staged(),
            tried,
            fixed,
            known: known.len(),
            outside: outside.len(),
            elapsed: started.elapsed(),
        };
        let (rules, prefix) = (rule_texts(), prefix_in_checkout());
        let report =
            Report { diagnostics: shown, known: shown_known, files: &files, rules: &rules, summary, prefix: &prefix };
        for file in &arguments.output_file {
            if let Err(message) = write_report(file, arguments.output_format, &report) {
                terminal::error(&message);
                return Outcome::Refused;
            }
        }
        if arguments.statistics {
            douane_reporter::write_statistics(&diagnostics, arguments.output_format, output)
        } else {
            let colours = colours && arguments.output_format == Format::Full;
            let quiet = arguments.is_quiet() || (arguments.fix_only && fixed == 0);
            douane_reporter::write(&report, arguments.output_format, Options { colours, quiet }, output)
        }
    };
    let outcome = written(result, outcome);
    if arguments.show_fixes && !arguments.is_quiet() && fixed > 0 {
        let by_rule: Vec<String> = mended.iter().map(|(rule, count)| format!("{count} of {rule}")).collect();
        terminal::note(&format!("fixed {}", by_rule.join(", ")));
    }
    if arguments.verbose {
        terminal::note(&progress.timings());
    }
    // Everything is printed; to free a large program piece by piece would only keep the user waiting.
    std::mem::forget(analysis);
    outcome
}

/// How many of the files that findings are wanted of are modules.
pub(crate) fn modules(analysis: &Analysis) -> usize {
    analysis.reported_files().filter(|(file, _)| module_of(analysis, *file).is_some()).count()
}

/// The name of the module that a file is; nothing can import a notebook.
fn module_of(analysis: &Analysis, file: FileId) -> Option<&str> {
    let module = analysis.graph().module_of_file(file).filter(|_| !analysis.is_notebook(file))?;
    Some(analysis.graph().module_name(module))
}

/// Where the working folder lies in what a CI service has checked out, with a `/` at the end; empty at its top, and elsewhere.
fn prefix_in_checkout() -> String {
    let tops = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY"].into_iter().filter_map(env::var_os);
    let folder = env::current_dir().unwrap_or_default();
    let below = tops.filter_map(|top| folder.strip_prefix(top).ok().map(Path::to_owned)).next();
    let parts = below.iter().flat_map(|below| below.iter());
    parts.map(|part| format!("{}/", part.to_string_lossy())).collect()
}

pub(crate) fn rule_texts() -> Vec<RuleText<'static>> {
    let text = |rule: &&'static Rule| RuleText {
        name: rule.name,
        summary: rule.summary(),
        page: markdown_page(rule),
        severity: if rule.default == Level::Error { Severity::Error } else { Severity::Warning },
    };
    RULES.iter().map(text).collect()
}

/// Writes the report to a file too.
fn write_report(file: &OutputFile, format: Format, report: &Report<'_>) -> Result<(), String> {
    let mut bytes = Vec::new();
    let options = Options { colours: false, quiet: false };
    let written = douane_reporter::write(report, file.format.unwrap_or(format), options, &mut bytes);
    let written = written.and_then(|()| write_file(&file.path, &bytes));
    written.map_err(|error| format!("`{}` can't be written: {error}", file.path.display()))
}

/// What the project's baseline does not know, and how much it does.
fn sifted(
    arguments: &CheckArguments,
    workspace: &Workspace,
    analysis: &Analysis,
    diagnostics: Vec<Diagnostic>,
) -> Result<(Vec<Diagnostic>, Vec<Diagnostic>), String> {
    let is_asked = !arguments.no_baseline && arguments.select.is_empty();
    let Some(baseline) = (if is_asked { workspace.baseline()? } else { None }) else {
        return Ok((diagnostics, Vec::new()));
    };
    let Sifted { new, known, stale } = baseline.sift(analysis, diagnostics);
    if stale > 0 && workspace.looks_at_everything() && arguments.ignore.is_empty() && !arguments.is_quiet() {
        let (what, fit) = if stale == 1 { ("1 entry", "fits") } else { (&*format!("{stale} entries"), "fit") };
        terminal::warning(&format!(
            "{what} of {BASELINE} {fit} nothing any more; `douane baseline prune` takes out what is stale"
        ));
    }
    Ok((new, known))
}

fn selection(arguments: &CheckArguments) -> Result<Selection, String> {
    let ignored = |text: &String| {
        let pair = text
            .rsplit_once(':')
            .ok_or_else(|| format!("expected a pattern and a rule, `PATTERN:RULE`, found `{text}`"));
        let (pattern, rule) = pair?;
        Override::ignoring(pattern.trim(), &rules(&[rule.to_owned()])?)
    };
    Ok(Selection {
        select: rules(&arguments.select)?,
        extend_select: rules(&arguments.extend_select)?,
        ignore: rules(&arguments.ignore)?,
        overrides: arguments.per_file_ignores.iter().map(ignored).collect::<Result<_, _>>()?,
    })
}

fn fix_options(arguments: &CheckArguments) -> Result<FixOptions, String> {
    Ok(FixOptions {
        applicability: if arguments.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe },
        fixable: rules(&arguments.fixable)?,
        unfixable: rules(&arguments.unfixable)?,
        writes: !arguments.diff,
    })
}

/// The rules that a selection names.
fn rules(names: &[String]) -> Result<Vec<&'static Rule>, String> {
    let mut found = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        match name {
            "all" | "ALL" => found.extend(RULES.iter().copied()),
            "pedantic" => found.extend(RULES.iter().copied().filter(|rule| rule.default == Level::Off)),
            _ => match rules_of(name, Dialect::Flake8) {
                named if named.is_empty() => {
                    let nearest =
                        nearest_rule(name).map_or(String::new(), |nearest| format!("did you mean `{nearest}`? "));
                    return Err(format!("unknown rule `{name}`; {nearest}`douane explain --all` lists the rules"));
                }
                named => found.extend(named),
            },
        }
    }
    Ok(found)
}

/// The named paths without `-`, and what standard input stands for.
fn standard_input(arguments: &CheckArguments) -> Result<(Vec<std::path::PathBuf>, Option<Overlay>), String> {
    let (dashes, paths): (Vec<_>, Vec<_>) = arguments.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    if dashes.is_empty() {
        return match &arguments.stdin_filename {
            Some(_) => Err("`--stdin-filename` needs `-` among the paths".to_owned()),
            None => Ok((paths, None)),
        };
    }
    if !paths.is_empty() {
        return Err("`-` can't be mixed with other paths".to_owned());
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| format!("can't read standard input: {error}"))?;
    let path = arguments.stdin_filename.clone().unwrap_or_else(|| "stdin.py".into());
    Ok((Vec::new(), Some(Overlay { path, bytes })))
}

/// The files that the findings point into, read again.
pub(crate) struct Shown<'a> {
    analysis: &'a Analysis,
    files: FxHashMap<FileId, SourceFile>,
    nothing: SourceFile,
}

impl<'a> Shown<'a> {
    pub(crate) fn read<'d>(analysis: &'a Analysis, diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Self {
        use rayon::prelude::*;
        let labels = diagnostics.flat_map(Diagnostic::labels);
        let named: BTreeSet<FileId> = labels.map(|label| label.file).collect();
        let named: Vec<FileId> = named.into_iter().collect();
        let files = named.into_par_iter().map(|file| (file, analysis.source_file(file))).collect();
        Self { analysis, files, nothing: SourceFile::new("<unknown>".into(), String::new()) }
    }
}

impl Sources for Shown<'_> {
    fn file(&self, file: FileId) -> &SourceFile {
        self.files.get(&file).unwrap_or(&self.nothing)
    }

    fn module(&self, file: FileId) -> Option<&str> {
        module_of(self.analysis, file)
    }
}
