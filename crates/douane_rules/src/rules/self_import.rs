//! `self-import`

use douane_parser::{Guard, Import, ImportId, ScopeKind, Target, When};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for modules that import themselves while they are loaded.
    ///
    /// ## Why is this bad?
    ///
    /// The module is in `sys.modules` already, half loaded: the import gives what it has up to this line, and a name that
    /// comes later raises ImportError. Often it is meant for another module of the same name.
    ///
    /// A package's `__init__.py` that imports its own submodules is fine, and so is an import in a function, a way to get
    /// hold of the module itself.
    ///
    /// ## Example
    ///
    /// ```py random.py
    /// import random  # error: [self-import] "`random` imports itself"
    ///
    /// print(random.random())
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py dice.py
    /// import random
    ///
    /// print(random.random())
    /// ```
    ///
    /// Submodules are no such thing:
    ///
    /// ```py shop/__init__.py
    /// from . import prices
    /// from shop import orders
    /// ```
    ///
    /// ```py shop/prices.py
    /// ```
    ///
    /// ```py shop/orders.py
    /// ```
    SELF_IMPORT: File = SelfImport, name: "self-import", aliases: ["import-self", "W0406", "PLW0406"], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SelfImport {}

impl FileRule for SelfImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        if graph.module(file.module).is_stub {
            return;
        }
        for (id, import) in (0..).map(ImportId).zip(&file.facts.imports) {
            let is_own = graph.resolution(file.module, id).module() == Some(file.module);
            // A script that imports itself by name makes a second module of it, on purpose as a rule.
            let is_script = file.facts.guard(import) == Some(Guard::Main);
            let is_in_function = file.facts.scope(import.scope).kind == ScopeKind::Function;
            if !is_own || import.when != When::Load || is_in_function || is_script || names_submodule(file, import) {
                continue;
            }
            report
                .at(
                    import.range,
                    format!("`{}` imports itself: `{}`", file.module_name(), written_import(file.facts, import)),
                )
                .help("use the names of the file as they are, or rename the file if another module is meant");
        }
    }
}

/// `from . import submodule`, or something of which nobody can tell; and a star, which takes the submodules of `__all__`.
fn names_submodule(file: &Checked<'_>, import: &Import) -> bool {
    let graph = file.graph();
    match import.target {
        Target::From { name, .. } => {
            let name = file.facts.name(name);
            graph.module(file.module).is_package()
                && (graph.submodule(file.module, name).is_some() || !graph.binds_itself(file.facts, name))
        }
        Target::Star { .. } => graph.module(file.module).is_package(),
        Target::Module(_) => false,
    }
}
