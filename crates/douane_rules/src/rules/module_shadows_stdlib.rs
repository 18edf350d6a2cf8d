//! `module-shadows-stdlib`

use douane_base::TextRange;
use douane_graph::Origin;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Project, ProjectRule, Reporter, rule::declare_rule};

declare_rule! {
    /// Checks for modules at the top of a source root that have the name of a standard module.
    ///
    /// ## Why is this bad?
    ///
    /// The source root comes before the standard library on `sys.path`, so that whoever imports `random`, the standard
    /// library's own modules included, gets this file.
    ///
    /// ## Example
    ///
    /// ```py random.py
    /// # error: [module-shadows-stdlib] "hides the standard library's `random`"
    /// def choose(options): ...
    /// ```
    ///
    /// ```py main.py
    /// import random
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py choices.py
    /// def choose(options): ...
    /// ```
    ///
    /// ```py main.py
    /// import choices
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Names that may be taken.
    ///
    /// ```toml
    /// allow = ["random"]
    /// ```
    ///
    /// ```py random.py
    /// def choose(options): ...
    /// ```
    MODULE_SHADOWS_STDLIB: Project = ModuleShadowsStdlib, name: "module-shadows-stdlib", aliases: ["A005", "stdlib-module-shadowing"], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ModuleShadowsStdlib {
    allow: Vec<String>,
}

impl ProjectRule for ModuleShadowsStdlib {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let graph = project.graph;
        let library = graph.standard_library();
        // Python's own `Lib` folder hides nothing: it is what would be hidden.
        let own = |name: &str| graph.find(name).is_some_and(|module| graph.module(module).origin == Origin::FirstParty);
        if ["os", "abc", "io", "types"].iter().all(|name| own(name)) {
            return;
        }
        for (file, _) in project.reported {
            let Some(module) = graph.module_of_file(*file) else { continue };
            let name = graph.module_name(module);
            let is_test_package = matches!(name, "test" | "tests" | "idlelib");
            if name.contains('.') || name.starts_with('_') || is_test_package || graph.module(module).is_stub {
                continue;
            }
            if !library.contains(name) || self.allow.iter().any(|allowed| allowed == name) {
                continue;
            }
            let diagnostic = report.in_file(
                *file,
                TextRange::empty(0),
                format!("the module `{name}` hides the standard library's `{name}` from this source root"),
            );
            diagnostic.help("give the file another name, or move it into a package");
            let importer = graph.importers_of(module).find(|edge| !edge.is_implicit && edge.importer != module);
            if let Some((edge, import)) = importer.and_then(|edge| Some((edge, edge.import?)))
                && let Some((file, facts)) = project.module_facts(edge.importer)
            {
                diagnostic.label(
                    file,
                    facts.import(import).range,
                    format!("this imports the file, not the standard `{name}`"),
                );
            }
        }
    }
}
