//! `import-shadows-builtin`

use std::cell::LazyCell;

use douane_graph::{Definition, Entry, EntrySource, ModuleId, ModuleKind, NameId, Object};
use douane_parser::{BindingKind, BranchId, FileFacts, Guard, Target, When};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{listed, written_import},
};

declare_rule! {
    /// Checks for imports, stars among them, that take the name of a builtin.
    ///
    /// ## Why is this bad?
    ///
    /// Below that line `open` or `sum` is no longer what every reader takes it for.
    ///
    /// Silent are imports of the builtin itself (`from builtins import open`), an `__init__.py` that only passes a name
    /// on, and the names that Python adds for interactive use (`copyright`, `credits`, `exit`, `help`, `license`,
    /// `quit`).
    ///
    /// ## Example
    ///
    /// ```py
    /// from codecs import open  # error: [import-shadows-builtin] "`open`"
    /// from os import *  # error: [import-shadows-builtin] "`open`"
    /// import array as list  # error: [import-shadows-builtin] "`list`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import codecs
    /// from os import getcwd
    /// import array
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Names that may be taken.
    ///
    /// ```toml
    /// allow = ["open"]
    /// ```
    ///
    /// ```py
    /// from codecs import open
    /// ```
    IMPORT_SHADOWS_BUILTIN: File = ImportShadowsBuiltin, name: "import-shadows-builtin", aliases: ["A004", "builtin-import-shadowing", "W0622", "redefined-builtin"], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportShadowsBuiltin {
    allow: Vec<String>,
}

impl FileRule for ImportShadowsBuiltin {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        // The code of a stub never runs.
        if file.graph().module(file.module).is_stub {
            return;
        }
        self.explicit(file, report);
        self.stars(file, report);
    }
}

impl ImportShadowsBuiltin {
    fn explicit(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        let is_init = file.graph().module(file.module).kind == ModuleKind::Package;
        let used = LazyCell::new(|| used_names(facts));
        for binding in &facts.bindings {
            let BindingKind::Import(id) = binding.kind else { continue };
            let name = facts.name(binding.name);
            let import = facts.import(id);
            if !self.counts(file, name)
                || import.when == When::TypeChecking
                // A backport, for a Python that lacks the builtin.
                || facts.guard(import) == Some(Guard::Version)
                || (is_init && !used.contains(name))
                || (is_exported(file, name) && !used.contains(name))
            {
                continue;
            }
            let is_alias = match file.graph().imported_object(file.module, facts, id) {
                Object::Name(module, name) => file.graph().is_alias(file.project.facts, module, name),
                _ => false,
            };
            if is_alias || is_the_builtin(file, file.definition(id), name) || is_compatibility(facts, import) {
                continue;
            }
            let written = written_import(facts, import);
            let is_module = matches!(file.graph().imported_object(file.module, facts, id), Object::Module(_));
            let help = match import.target {
                _ if is_module => format!("import it under another name than `{name}`"),
                Target::Module(_) => format!("import it under another name than `{name}`"),
                _ => format!("import the module, or import it under another name: `as other_{name}`"),
            };
            report.at(import.range, format!("`{written}` takes the name of the builtin `{name}`")).help(help);
        }
    }

    fn stars(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        let used = LazyCell::new(|| used_names(file.facts));
        let is_init = graph.module(file.module).kind == ModuleKind::Package;
        let mut seen = FxHashSet::default();
        for (_, import, source) in graph.stars(file.module, file.facts) {
            let Some(source) = source.filter(|source| seen.insert(*source)) else { continue };
            if file.facts.branches.is_conditional(BranchId::ROOT, import.branch) {
                continue;
            }
            // What only passes names on, as an `__init__` and the Python half of a compiled module do, is not confused.
            let passes_on = is_init || graph.module(source).name.last().starts_with('_');
            let is_taken = |name: &&str| {
                let is_other = |name| {
                    let definition = graph.definition(file.project.facts, source, name);
                    !is_the_builtin(file, definition, graph.name(name))
                        && !graph.is_alias(file.project.facts, source, name)
                        && !comes_from_compatibility(file, source, name)
                };
                self.counts(file, name)
                    && graph.star_brings(source, name) == Some(true)
                    && graph.name_id(name).is_some_and(is_other)
                    && (used.contains(*name) || !(passes_on || is_exported(file, name)))
            };
            let mut taken: Vec<&str> = file.project.builtins().iter().copied().filter(is_taken).collect();
            taken.sort_unstable();
            if taken.is_empty() {
                continue;
            }
            let written = written_import(file.facts, import);
            let what = if taken.len() == 1 { "the name of the builtin" } else { "the names of the builtins" };
            report
                .at(file.facts.statement(import).range, format!("`{written}` takes {what} {}", listed(&taken)))
                .help("import the names that are used one by one");
        }
    }

    fn counts(&self, file: &Checked<'_>, name: &str) -> bool {
        const INTERACTIVE: [&str; 6] = ["copyright", "credits", "exit", "help", "license", "quit"];
        file.project.is_builtin(name)
            && !name.starts_with("__")
            && !INTERACTIVE.contains(&name)
            && !self.allow.iter().any(|allowed| allowed == name)
    }
}

fn used_names(facts: &FileFacts) -> FxHashSet<&str> {
    facts.references.iter().map(|reference| facts.name(reference.name)).collect()
}

/// The module offers the name as its own: it stands in `__all__`.
fn is_exported(file: &Checked<'_>, name: &str) -> bool {
    let graph = file.graph();
    graph.all_entries(file.module).iter().any(|entry| graph.name(entry.name) == name)
}

/// The builtin itself, under its own name.
fn is_the_builtin(file: &Checked<'_>, definition: Definition, name: &str) -> bool {
    let Definition::Standard(module, _) = definition else { return false };
    match file.graph().module_name(module) {
        "builtins" => true,
        "io" | "_io" => matches!(name, "open" | "BlockingIOError"),
        // The exceptions of these are aliases of the builtin ones in all supported versions.
        "concurrent.futures" | "concurrent.futures._base" | "asyncio" | "asyncio.exceptions" => name == "TimeoutError",
        "socket" | "select" | "os" | "shutil" | "mmap" => matches!(name, "error" | "OSError"),
        _ => false,
    }
}

/// The module that binds a name of a star's source imports it from such a package.
fn comes_from_compatibility(file: &Checked<'_>, source: ModuleId, name: NameId) -> bool {
    let Some(Entry { module, source: EntrySource::Binding(binding), .. }) = file.graph().entry(source, name) else {
        return false;
    };
    let Some((_, facts)) = file.project.module_facts(module) else { return false };
    facts.import_of(facts.binding(binding)).is_some_and(|import| is_compatibility(facts, import))
}

/// Packages that offer Python 3's builtins to Python 2.
fn is_compatibility(facts: &FileFacts, import: &douane_parser::Import) -> bool {
    let written = crate::wording::written_module(facts, import);
    ["builtins", "future.builtins", "past.builtins", "six.moves", "__builtin__"].contains(&written.as_str())
}
