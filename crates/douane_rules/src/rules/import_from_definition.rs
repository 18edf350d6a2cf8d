//! `import-from-definition`

use std::collections::BTreeMap;

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_graph::{Definition, ModuleId, NameId, Origin};
use douane_parser::{ImportId, StatementId, Target, When};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{is_public, module_as_seen_from},
};

declare_rule! {
    /// Checks for names that are taken from a module which only passes them on.
    ///
    /// ## Why is this bad?
    ///
    /// It is a matter of taste, which is why the rule is off by default. Who imports from where a name is defined loads
    /// less, sees at once where to look, and is in no import cycle that leads through the package's `__init__`. Who imports
    /// from the package is spared its inner order; see `mode`.
    ///
    /// ## Example
    ///
    /// ```py shop/__init__.py
    /// from shop.prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py main.py
    /// from shop import net  # error: [import-from-definition] "`net` is defined in `shop.prices`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shop/__init__.py
    /// from shop.prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py main.py
    /// from shop.prices import net
    /// ```
    ///
    /// ## Options
    ///
    /// ### `mode`
    ///
    /// `"definition"`, the default, or `"facade"` for the opposite: what a package offers is to be taken from the package
    /// by everybody outside of it.
    ///
    /// ```toml
    /// mode = "facade"
    /// ```
    ///
    /// ```py shop/__init__.py
    /// from shop.prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop/orders.py
    /// from shop.prices import net
    /// ```
    ///
    /// ```py main.py
    /// from shop.prices import net  # error: [import-from-definition] "`shop` offers `net`"
    /// ```
    IMPORT_FROM_DEFINITION: File = ImportFromDefinition, name: "import-from-definition", aliases: [], default: Off, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportFromDefinition {
    mode: Mode,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Definition,
    Facade,
}

impl FileRule for ImportFromDefinition {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let mut by_statement: BTreeMap<StatementId, Vec<(ImportId, ModuleId, ModuleId)>> = BTreeMap::new();
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            let Target::From { name, .. } = import.target else { continue };
            let Some(source) = graph.resolution(file.module, id).module() else { continue };
            let Some(name) = graph.symbol_id(file.module, name) else { continue };
            if let Some(better) = self.better(file, source, name) {
                by_statement.entry(import.statement).or_default().push((id, source, better));
            }
        }
        for (statement, found) in by_statement {
            let fix = fix(file, statement, &found);
            for (id, source, better) in found {
                let import = facts.import(id);
                let Target::From { name, .. } = import.target else { continue };
                let (name, source) = (facts.name(name), graph.module_name(source));
                let better = graph.module_name(better);
                let message = match self.mode {
                    Mode::Definition => format!("`{name}` is defined in `{better}`, and `{source}` only passes it on"),
                    Mode::Facade => format!("`{better}` offers `{name}`, which is taken from `{source}`"),
                };
                let diagnostic = report.at(import.range, message);
                diagnostic.help(format!("import it from `{better}`"));
                diagnostic.fix = Some(fix.clone());
            }
        }
    }
}

impl ImportFromDefinition {
    /// The module to take the name from instead.
    fn better(&self, file: &Checked<'_>, source: ModuleId, name: NameId) -> Option<ModuleId> {
        let (graph, facts) = (file.graph(), file.project.facts);
        let definition = graph.definition(facts, source, name);
        let Definition::Binding(module, binding) = definition else { return None };
        let (_, defining) = file.project.module_facts(module)?;
        // Under another name it would be another import.
        let has_its_name = defining.name(defining.binding(binding).name) == graph.name(name);
        let offers = |module: ModuleId| {
            let is_own = graph.module(module).origin == Origin::FirstParty && is_public(graph.module_name(module));
            is_own
                && module != file.module
                && graph.entry(module, name).is_some_and(|entry| entry.is_certain)
                && graph.definition(facts, module, name) == definition
        };
        match self.mode {
            Mode::Definition => Some(module).filter(|module| *module != source && has_its_name && offers(*module)),
            Mode::Facade => {
                let packages =
                    std::iter::successors(graph.module(source).parent, |module| graph.module(*module).parent);
                let is_outside = |package: &ModuleId| {
                    !graph.module(file.module).name.is_within(graph.module_name(*package)) && offers(*package)
                };
                packages.filter(is_outside).last()
            }
        }
    }
}

/// Takes the names out of the statement and imports them from the better modules.
fn fix(file: &Checked<'_>, statement: StatementId, found: &[(ImportId, ModuleId, ModuleId)]) -> Fix {
    let (graph, facts) = (file.graph(), file.facts);
    let place = facts.statements[statement.index()].place();
    let mut by_module: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, _, better) in found {
        let import = facts.import(*id);
        let Target::From { level, name, .. } = import.target else { continue };
        let alias = import.alias.map_or(String::new(), |alias| format!(" as {}", facts.name(alias)));
        let module = module_as_seen_from(graph, file.module, *better, level > 0);
        by_module.entry(module).or_default().push(format!("{}{alias}", facts.name(name)));
    }
    let written: Vec<String> =
        by_module.into_iter().map(|(module, names)| format!("from {module} import {}", names.join(", "))).collect();
    let is_all = facts.imports.iter().filter(|import| import.statement == statement).count() == found.len();
    let title = format!("Write `{}`", written.join("; "));
    let change = |kind| Change { file: file.id, kind };
    let changes = if is_all {
        vec![change(ChangeKind::SetStatements(place, written))]
    } else {
        let removed = found.iter().map(|(id, ..)| change(ChangeKind::RemoveImport(place, facts.import(*id).range)));
        removed.chain(written.into_iter().map(|written| change(ChangeKind::AddImport(place, written)))).collect()
    };
    // The module that passed the names on is not loaded from here any more, unless it is a package around one of the others.
    let stays = |source: ModuleId| {
        let name = graph.module_name(source);
        !is_all
            || graph.module(file.module).name.is_within(name)
            || found.iter().any(|(_, _, better)| graph.module(*better).name.is_within(name))
            || file.project.traces().of(source).is_none()
    };
    let never_runs = facts.import(found[0].0).when == When::TypeChecking;
    let circular = |better: ModuleId| file.project.traces().share_circle(file.module, better);
    let is_safe = never_runs || found.iter().all(|(_, source, better)| stays(*source) && !circular(*better));
    let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
    Fix { title, applicability, changes }
}
