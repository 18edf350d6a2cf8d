//! `prefer-module-import`

use douane_graph::Definition;
use douane_parser::{BindingId, BindingKind, Target, Usage, When};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, ModulePattern, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for functions that are imported by name, where the house style is to import the module.
    ///
    /// ## Why is this bad?
    ///
    /// It is a matter of style, and off by default: `time.sleep` says where `sleep` comes from, follows a patched or
    /// reloaded module, and can't collide. To import one function saves nothing: the whole module is loaded all the
    /// same.
    ///
    /// ## Example
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import net  # error: [prefer-module-import] "loads the whole of `prices`"
    ///
    /// net(3)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// import prices
    ///
    /// prices.net(3)
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Modules whose functions may be imported by name; `typing` and `typing_extensions` by default.
    ///
    /// ```toml
    /// allow = ["prices"]
    /// ```
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import net
    /// ```
    PREFER_MODULE_IMPORT: File = PreferModuleImport, name: "prefer-module-import", aliases: [], default: Off
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PreferModuleImport {
    allow: Vec<ModulePattern>,
}

impl Default for PreferModuleImport {
    fn default() -> Self {
        let allow = ["typing", "typing_extensions"]
            .into_iter()
            .filter_map(|module| ModulePattern::try_from(module.to_owned()).ok());
        Self { allow: allow.collect() }
    }
}

/// Classes of the standard library that are named like functions, as `isinstance(value, type)` tells over its public
/// modules: the table knows names, not kinds.
const LOWERCASE_CLASSES: [&str; 87] = [
    "abstractclassmethod",
    "abstractproperty",
    "abstractstaticmethod",
    "accumulate",
    "aclosing",
    "addinfourl",
    "array",
    "attrgetter",
    "auto",
    "batched",
    "blake2b",
    "blake2s",
    "bytearray",
    "bytes",
    "cached_property",
    "catch_warnings",
    "chain",
    "chdir",
    "classmethod",
    "closing",
    "combinations",
    "combinations_with_replacement",
    "complex",
    "compress",
    "count",
    "cycle",
    "defaultdict",
    "deprecated",
    "deque",
    "dict",
    "dircmp",
    "dropwhile",
    "enumerate",
    "epoll",
    "error",
    "excel",
    "excel_tab",
    "filter",
    "filterfalse",
    "finalize",
    "float",
    "frozenset",
    "gaierror",
    "groupby",
    "herror",
    "int",
    "islice",
    "itemgetter",
    "list",
    "local",
    "mappingproxy",
    "mbox",
    "member",
    "memoryview",
    "methodcaller",
    "mmap",
    "netrc",
    "nonmember",
    "nullcontext",
    "object",
    "pairwise",
    "partial",
    "partialmethod",
    "permutations",
    "product",
    "property",
    "range",
    "redirect_stderr",
    "redirect_stdout",
    "ref",
    "repeat",
    "reversed",
    "scheduler",
    "set",
    "shlex",
    "singledispatchmethod",
    "slice",
    "socket",
    "starmap",
    "stat_result",
    "str",
    "suppress",
    "takewhile",
    "timeout",
    "tuple",
    "zip_longest",
    "zipimporter",
];

impl FileRule for PreferModuleImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let called: FxHashSet<_> = facts
            .references
            .iter()
            .filter(|reference| reference.usage == Usage::Call && facts.chain(reference).is_empty())
            .map(|reference| reference.name)
            .collect();
        // A stub loads nothing.
        if graph.module(file.module).is_stub {
            return;
        }
        for (at, binding) in (0..).map(BindingId).zip(&facts.bindings) {
            let BindingKind::Import(id) = binding.kind else { continue };
            let import = facts.import(id);
            let (Target::From { name, .. }, Some(source)) = (import.target, graph.resolution(file.module, id).module())
            else {
                continue;
            };
            let source_name = graph.module_name(source);
            let is_function = match file.definition(id) {
                Definition::Binding(module, binding) => file
                    .project
                    .module_facts(module)
                    .is_some_and(|(_, facts)| matches!(facts.binding(binding).kind, BindingKind::Function(_))),
                // The table knows names, not kinds: what is called and is no class by its name.
                Definition::Standard(..) => {
                    let name = facts.name(name);
                    called.contains(&binding.name)
                        && name.starts_with(|first: char| first.is_lowercase())
                        && !name.starts_with("c_")
                        && source_name != "datetime"
                        && LOWERCASE_CLASSES.binary_search(&name).is_err()
                }
                Definition::Module(_) | Definition::Unknown => false,
            };
            let is_exported =
                graph.all_entries(file.module).iter().any(|entry| graph.name(entry.name) == facts.name(name));
            let is_passed_on = import.alias == Some(name) || is_exported;
            let is_fallback = facts.bindings_of(binding.scope, binding.name).any(|other| other != at);
            if !is_function
                || is_passed_on
                || is_fallback
                || import.when != When::Load
                || self.allow.iter().any(|pattern| pattern.matches(source_name))
            {
                continue;
            }
            let name = facts.name(name);
            report
                .at(
                    import.range,
                    format!("`{}` loads the whole of `{source_name}` all the same", written_import(facts, import)),
                )
                .help(match source_name.rsplit_once('.') {
                    _ if source_name == "os.path" => format!("write `import os` and `os.path.{name}`"),
                    Some((package, module)) => format!("write `from {package} import {module}` and `{module}.{name}`"),
                    None => format!("write `import {source_name}` and `{source_name}.{name}`"),
                });
        }
    }
}
