//! `name-shadows-import`

use std::cell::LazyCell;

use douane_graph::Object;
use douane_parser::{
    Arm, Binding, BindingId, BindingKind, Context, FileFacts, ImportId, Reference, Scope, ScopeId, ScopeKind, Symbol,
    Target, When,
};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Checked, FileRule, Reporter,
    rebindings::{Rebinding, Uses, is_throwaway, rebindings, replaces, takes_over},
    rule::declare_rule,
    wording::written_import,
};

declare_rule! {
    /// Checks for assignments, definitions, parameters and loop variables that take over the name of an import.
    ///
    /// ## Why is this bad?
    ///
    /// In the same scope the import is gone from that line on; functions that use the name get the new object. Code above
    /// and below the line means different things by one name, and the finding is an error. (Where the import was not used
    /// yet, it is a case for `redefined-import`.)
    ///
    /// In a function the name of an import of the module is hidden, which is reported if the rest of the file uses the
    /// import and a mix-up is likely: the import is a module, the signature of the function uses it, or both are used
    /// with the same attribute. The parameters of methods and tests don't count: their names are dictated by others. A function
    /// that uses the name before it binds it raises UnboundLocalError, which is an error.
    ///
    /// Making something out of the import (`json = patched(json)`, `class Path(Path)`) or keeping the old object under
    /// another name is deliberate and not reported, nor are alternatives: `try` and `except ImportError`, or another
    /// object under a condition.
    ///
    /// ## Example
    ///
    /// ```py
    /// import json
    /// import time
    ///
    /// start = time.time()
    /// time = 5  # error: [name-shadows-import] "was used before"
    ///
    ///
    /// def load(text, json=None):  # error: [name-shadows-import] "hides the import"
    ///     return json or text
    ///
    ///
    /// def parse(text):
    ///     document = json.loads(text)
    ///     json = document["payload"]  # error: [name-shadows-import] "UnboundLocalError"
    ///     return json
    ///
    ///
    /// def dump(document):
    ///     return json.dumps(document)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import json
    /// import time
    ///
    /// start = time.time()
    /// elapsed = 5
    ///
    ///
    /// def load(text, document=None):
    ///     return document or text
    ///
    ///
    /// def parse(text):
    ///     document = json.loads(text)
    ///     payload = document["payload"]
    ///     return payload
    ///
    ///
    /// def dump(document):
    ///     return json.dumps(document)
    /// ```
    ///
    /// ## Options
    ///
    /// ### `in-functions`
    ///
    /// Which names of functions count: those where a mix-up is `"likely"` (the default), `"all"`, or `"none"`.
    ///
    /// ```toml
    /// in-functions = "all"
    /// ```
    ///
    /// ```py
    /// from math import tau
    ///
    ///
    /// def turns(tau):  # error: [name-shadows-import] "hides the import"
    ///     return tau
    ///
    ///
    /// def angle():
    ///     return tau
    /// ```
    NAME_SHADOWS_IMPORT: File = NameShadowsImport, name: "name-shadows-import", aliases: ["F811", "redefined-while-unused", "F402", "import-shadowed-by-loop-var", "W0621", "redefined-outer-name"], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct NameShadowsImport {
    in_functions: InFunctions,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum InFunctions {
    #[default]
    Likely,
    All,
    None,
}

impl FileRule for NameShadowsImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        // The code of a stub never runs.
        if file.graph().module(file.module).is_stub {
            return;
        }
        in_same_scope(file, report);
        if self.in_functions != InFunctions::None {
            in_inner_scopes(file, self.in_functions, report);
        }
    }
}

fn in_same_scope(file: &Checked<'_>, report: &mut Reporter<'_>) {
    let facts = file.facts;
    let uses = LazyCell::new(|| Uses::new(facts));
    for Rebinding { id, binding, earlier } in rebindings(facts) {
        if matches!(binding.kind, BindingKind::Import(_)) {
            continue;
        }
        let BindingKind::Import(import) = earlier.kind else { continue };
        if !replaces(file, &uses, id, binding, import) || !uses.before(facts, import, id, binding) {
            continue;
        }
        let name = facts.name(binding.name);
        let written = written_import(facts, facts.import(import));
        let what = described(binding.kind);
        report
            .error_at(binding.range, format!("{what} replaces the import `{name}`, which was used before"))
            .label(file.id, earlier.range, "imported here")
            .help(format!("give it another name: `{name}` meant `{written}` up to here"));
    }
}

fn described(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Function(_) => "the function",
        BindingKind::Class => "the class",
        BindingKind::Parameter => "the parameter",
        BindingKind::LoopTarget => "the loop variable",
        BindingKind::WithTarget => "the `with` target",
        BindingKind::ExceptTarget => "the `except` target",
        BindingKind::MatchCapture => "the pattern",
        _ => "the assignment",
    }
}

/// Names of imports of the module that nothing else in the module binds, by name.
fn plain_imports(facts: &FileFacts) -> FxHashMap<Symbol, (&Binding, ImportId)> {
    let mut imported: FxHashMap<Symbol, Option<(&Binding, ImportId)>> = FxHashMap::default();
    for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
        match binding.kind {
            // What only type checkers import is not there to be hidden.
            BindingKind::Import(id) if facts.import(id).when != When::TypeChecking => {
                imported.entry(binding.name).or_insert(Some((binding, id)));
            }
            _ => drop(imported.insert(binding.name, None)),
        }
    }
    imported.into_iter().filter_map(|(name, import)| Some((name, import?))).collect()
}

fn in_inner_scopes(file: &Checked<'_>, wanted: InFunctions, report: &mut Reporter<'_>) {
    let facts = file.facts;
    if facts.bindings.iter().all(|binding| binding.scope == ScopeId::MODULE) {
        return;
    }
    let imported = plain_imports(facts);
    let uses = LazyCell::new(|| Uses::new(facts));
    let mut seen: FxHashSet<(ScopeId, Symbol)> = FxHashSet::default();
    let locally_imported: FxHashSet<(ScopeId, Symbol)> = facts
        .bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::Import(_)))
        .map(|binding| (binding.scope, binding.name))
        .collect();
    for (id, binding) in (0..).map(BindingId).zip(&facts.bindings) {
        let Some((import_binding, import)) = imported.get(&binding.name) else { continue };
        let kind_counts = takes_over(binding.kind) || binding.kind == BindingKind::Parameter;
        if binding.scope == ScopeId::MODULE
            || facts.scope(binding.scope).kind != ScopeKind::Function
            || !kind_counts
            || is_throwaway(facts, binding)
            || locally_imported.contains(&(binding.scope, binding.name))
            || !seen.insert((binding.scope, binding.name))
        {
            continue;
        }
        let hidden = Hidden { file, binding, import: *import, users: uses.of(import_binding), own: uses.of(binding) };
        let name = facts.name(binding.name);
        let what = described(binding.kind);
        let function = facts.scope(binding.scope).name;
        let place = function.map_or("this function".to_owned(), |name| format!("`{}`", facts.name(name)));
        if let Some(early) = hidden.read_before(id) {
            report
                .error_at(
                    binding.range,
                    format!("{what} makes `{name}` a local name of {place}: its use above raises UnboundLocalError"),
                )
                .label(file.id, early.range, "used here, before it is bound")
                .label(file.id, import_binding.range, "imported here")
                .help("give the local name another one");
        } else if hidden.matters(wanted) {
            let help = if binding.kind == BindingKind::Parameter {
                "rename the parameter, or import under another name where callers pass it by keyword"
            } else {
                "give the local name another one"
            };
            report
                .at(binding.range, format!("{what} `{name}` hides the import `{name}` in {place}"))
                .label(file.id, import_binding.range, "imported here, and used elsewhere in the file")
                .help(help);
        }
    }
}

/// A name of a function that hides an import of the module.
struct Hidden<'c> {
    file: &'c Checked<'c>,
    /// Its first binding in the function.
    binding: &'c Binding,
    import: ImportId,
    /// The uses of the import.
    users: &'c [&'c Reference],
    /// The uses of the function's own name.
    own: &'c [&'c Reference],
}

impl<'c> Hidden<'c> {
    /// A use in the function itself that surely comes before the name is bound.
    fn read_before(&self, id: BindingId) -> Option<&'c Reference> {
        let facts = self.file.facts;
        let loops =
            |reference: &Reference| facts.branches.ancestors(reference.branch).any(|branch| branch.arm == Arm::Loop);
        let is_early = |reference: &&&Reference| {
            reference.scope == self.binding.scope
                && reference.position <= id.0
                && reference.range.start() < self.binding.range.start()
                && reference.context == Context::Runtime
                && !loops(reference)
                && !facts.branches.are_alternatives(reference.branch, self.binding.branch)
        };
        let is_value = self.binding.kind != BindingKind::Parameter && self.binding.site == self.binding.scope;
        self.own.iter().find(is_early).copied().filter(|_| is_value)
    }

    fn matters(&self, wanted: InFunctions) -> bool {
        let facts = self.file.facts;
        let is_used = self
            .users
            .iter()
            .any(|user| user.context != Context::StringAnnotation && is_outside(facts, user.scope, self.binding.scope));
        is_used && !is_early_binding(self.users, self.binding) && (wanted == InFunctions::All || self.is_likely())
    }

    /// Somebody may well take the one for the other.
    fn is_likely(&self) -> bool {
        /// `x`, `pi`: names of symbols, which are local as a rule.
        const SHORT: usize = 2;
        let facts = self.file.facts;
        let function = facts.scope(self.binding.scope);
        let is_parameter = self.binding.kind == BindingKind::Parameter;
        // pytest passes fixtures to parameters by name.
        let is_test = function.name.is_some_and(|name| facts.name(name).starts_with("test"));
        // The names of a method's parameters are often those of the class that it overrides.
        let is_method = facts.scope(function.parent).kind == ScopeKind::Class;
        if facts.name(self.binding.name).len() <= SHORT || (is_parameter && (is_test || is_method)) {
            return false;
        }
        self.is_module() || self.shares_attribute() || self.is_in_signature(function)
    }

    fn is_module(&self) -> bool {
        let (file, import) = (self.file, self.import);
        matches!(file.facts.import(import).target, Target::Module(_))
            || matches!(file.graph().imported_object(file.module, file.facts, import), Object::Module(_))
    }

    fn shares_attribute(&self) -> bool {
        let facts = self.file.facts;
        let attribute = |reference: &&Reference| facts.chain(reference).first().map(|attribute| attribute.name);
        let of_import: FxHashSet<Symbol> = self.users.iter().filter_map(attribute).collect();
        self.own.iter().filter_map(attribute).any(|name| of_import.contains(&name))
    }

    /// The signature of the function uses the import.
    fn is_in_signature(&self, function: &Scope) -> bool {
        let is_there = |user: &&Reference| user.context == Context::Runtime && function.range.contains(user.range);
        self.users.iter().any(is_there)
    }
}

/// `def f(json=json)` takes the import as a default on purpose.
fn is_early_binding(users: &[&Reference], binding: &Binding) -> bool {
    const EQUALS_SIGN: u32 = 3;
    binding.kind == BindingKind::Parameter
        && users.iter().any(|user| {
            user.range.start() >= binding.range.end() && user.range.start() - binding.range.end() <= EQUALS_SIGN
        })
}

fn is_outside(facts: &FileFacts, scope: ScopeId, function: ScopeId) -> bool {
    let mut at = scope;
    while at != ScopeId::MODULE {
        if at == function {
            return false;
        }
        at = facts.scope(at).parent;
    }
    true
}
