//! `del-module`

use douane_graph::{ModuleKind, Object};
use douane_parser::{Binding, BindingKind, ImportId, Reference, ScopeId, ScopeKind, Symbol, Target, Usage};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule};

declare_rule! {
    /// Checks for `del module`.
    ///
    /// ## Why is this bad?
    ///
    /// It removes the name and nothing else: the module stays in `sys.modules` with all that it loaded, its memory stays
    /// taken, and the next import gets the same object.
    ///
    /// ## Example
    ///
    /// ```py
    /// import decimal
    ///
    /// total = decimal.Decimal(1)
    /// del decimal  # error: [del-module] "unloads nothing"
    /// print(total)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import decimal
    ///
    /// total = decimal.Decimal(1)
    /// print(total)
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow-namespace-cleanup`
    ///
    /// A module may delete names that others should not see: names with an underscore, or, in a module that defines
    /// functions, classes or `__all__` and in a package that passes on what it imports, what it does not come back to. On
    /// by default.
    ///
    /// ```py
    /// import os as _os
    ///
    /// home = _os.getcwd()
    /// del _os
    /// ```
    ///
    /// With `false` it may not:
    ///
    /// ```toml
    /// allow-namespace-cleanup = false
    /// ```
    ///
    /// ```py
    /// import os as _os
    ///
    /// home = _os.getcwd()
    /// del _os  # error: [del-module]
    /// ```
    DEL_MODULE: File = DelModule, name: "del-module", aliases: [], default: Warning
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct DelModule {
    allow_namespace_cleanup: bool,
}

impl Default for DelModule {
    fn default() -> Self {
        Self { allow_namespace_cleanup: true }
    }
}

impl FileRule for DelModule {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        for reference in facts.references.iter().filter(|reference| reference.usage == Usage::Delete) {
            let Some(import) = facts.import_behind(reference) else { continue };
            if !is_module(file, import) || (self.allow_namespace_cleanup && is_cleanup(file, reference)) {
                continue;
            }
            let name = facts.name(reference.name);
            let module = match (facts.import(import).target, facts.import(import).alias) {
                (Target::Module(module), Some(_)) => facts.name(module),
                _ => name,
            };
            report
                .at(reference.range, format!("`del {name}` unloads nothing: only the name goes"))
                .label(file.id, facts.import(import).range, "imported here")
                .help(format!(
                    "the module `{module}` stays in `sys.modules` with its memory, and the next import gives the same object; \
                     remove the `del`, or import inside the function that needs it"
                ));
        }
    }
}

/// The import binds a module and not some other object.
fn is_module(file: &Checked<'_>, import: ImportId) -> bool {
    matches!(file.facts.import(import).target, Target::Module(_))
        || matches!(file.graph().imported_object(file.module, file.facts, import), Object::Module(_))
}

/// A module that has names to offer deletes one that others should not see, and does not come back to it; or the name
/// is private anyway. A class does the same, lest the module become an attribute.
fn is_cleanup(file: &Checked<'_>, deletion: &Reference) -> bool {
    let facts = file.facts;
    if facts.scope(deletion.scope).kind == ScopeKind::Class {
        return true;
    }
    if deletion.scope != ScopeId::MODULE {
        return false;
    }
    if facts.name(deletion.name).starts_with('_') {
        return true;
    }
    let comes_back = facts.bindings[deletion.position as usize..]
        .iter()
        .any(|binding| binding.scope == ScopeId::MODULE && binding.name == deletion.name && !binding.kind.unbinds());
    let used_later = facts.references.iter().any(|later| {
        later.name == deletion.name
            && later.resolved == Some(ScopeId::MODULE)
            && later.range.start() > deletion.range.start()
            && later.usage != Usage::Delete
    });
    !comes_back && !used_later && offers_names(file)
}

/// The module defines something for others, or is a package that passes on what it imports.
fn offers_names(file: &Checked<'_>) -> bool {
    let facts = file.facts;
    let is_package = file.graph().module(file.module).kind == ModuleKind::Package;
    let is_deleted = |name: Symbol| {
        facts.references.iter().any(|reference| reference.usage == Usage::Delete && reference.name == name)
    };
    let is_offered = |binding: &Binding| match binding.kind {
        BindingKind::Function(_) | BindingKind::Class => true,
        BindingKind::Import(_) => is_package && !facts.name(binding.name).starts_with('_') && !is_deleted(binding.name),
        _ => false,
    };
    !facts.all_operations.is_empty()
        || facts.bindings.iter().any(|binding| binding.scope == ScopeId::MODULE && is_offered(binding))
}
