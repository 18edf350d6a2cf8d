//! `import-shadows-name`

use douane_graph::Definition;
use douane_parser::{Binding, BindingKind, FileFacts, ImportId, ScopeKind};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rebindings::{Rebinding, Uses, rebindings},
    rule::declare_rule,
    wording::written_import,
};

declare_rule! {
    /// Checks for imports that rebind a name which the same scope had already bound to something else.
    ///
    /// ## Why is this bad?
    ///
    /// From that line on the name means the imported object, and nothing says so.
    ///
    /// Alternatives are no shadowing: `try` and `except ImportError`, the arms of an `if`, a default that an import under
    /// a condition replaces, `import a.b` beside `import a.c`, or the same object imported twice.
    ///
    /// ## Example
    ///
    /// ```py
    /// pi = 3
    ///
    /// from math import pi  # error: [import-shadows-name] "`pi`"
    ///
    /// from time import time
    ///
    /// start = time()
    /// from datetime import time  # error: [import-shadows-name] "`time`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import datetime
    /// import math
    /// from time import time
    ///
    /// start = time()
    /// pi = 3
    /// ```
    IMPORT_SHADOWS_NAME: File = ImportShadowsName, name: "import-shadows-name", aliases: ["F811", "redefined-while-unused", "W0404", "reimported", "W0416", "shadowed-import"], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportShadowsName {}

impl FileRule for ImportShadowsName {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        // The code of a stub never runs.
        if file.graph().module(file.module).is_stub {
            return;
        }
        let mut uses = None;
        for Rebinding { id, binding, earlier } in rebindings(facts) {
            let BindingKind::Import(import) = binding.kind else { continue };
            if !is_other_object(file, earlier, import) {
                continue;
            }
            // What was not used yet is a case for `redefined-import`.
            if let BindingKind::Import(first) = earlier.kind
                && !uses.get_or_insert_with(|| Uses::new(facts)).before(facts, first, id, binding)
            {
                continue;
            }
            let name = facts.name(binding.name);
            let written = written_import(facts, facts.import(import));
            let what = described(facts, earlier);
            report
                    .at(facts.import(import).range, format!("`{written}` replaces {what} `{name}`"))
                    .label(file.id, earlier.range, format!("`{name}` is bound here first"))
                    .help(format!("give one of the two another name, or remove the one that is not meant: `{name}` is the import from here on"));
        }
    }
}

/// The earlier binding is surely another object than the import's.
fn is_other_object(file: &Checked<'_>, earlier: &Binding, import: ImportId) -> bool {
    let facts = file.facts;
    let BindingKind::Import(first) = earlier.kind else {
        // A module that imports its own class by name gets what it has.
        let is_own = file.graph().resolution(file.module, import).module() == Some(file.module);
        return !is_own && !is_builtin(file, file.definition(import));
    };
    if facts.same_object(first, import) {
        return false;
    }
    let (one, other) = (file.definition(first), file.definition(import));
    match (one, other) {
        // Nobody can tell whether both pass on the same thing.
        (Definition::Unknown, _) | (_, Definition::Unknown) => false,
        (Definition::Standard(one, _), Definition::Standard(other, _)) => one != other,
        _ => one != other,
    }
}

/// `from builtins import range` brings back what was replaced on purpose.
fn is_builtin(file: &Checked<'_>, definition: Definition) -> bool {
    matches!(definition, Definition::Standard(module, _) if file.graph().module_name(module) == "builtins")
}

fn described(facts: &FileFacts, binding: &Binding) -> &'static str {
    match binding.kind {
        BindingKind::Import(_) => "the imported",
        BindingKind::Function(_) if facts.scope(binding.scope).kind == ScopeKind::Class => "the method",
        BindingKind::Function(_) => "the function",
        BindingKind::Class => "the class",
        BindingKind::Parameter => "the parameter",
        BindingKind::LoopTarget => "the loop variable",
        _ => "the variable",
    }
}
