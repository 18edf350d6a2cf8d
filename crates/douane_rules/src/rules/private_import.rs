//! `private-import`

use douane_graph::{ModuleGraph, ModuleId, Object, Origin};
use douane_parser::{ImportId, Target};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, ModulePattern, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for private names and modules, those with a leading underscore, that are taken from outside of the package
    /// that they belong to.
    ///
    /// ## Why is this bad?
    ///
    /// What is private may change or go at any time, without a word in any changelog.
    ///
    /// ## Example
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    ///
    ///
    /// def _rounded(price): ...
    /// ```
    ///
    /// ```py shop/orders.py
    /// from shop.prices import _rounded
    /// ```
    ///
    /// ```py main.py
    /// from shop import prices
    /// from shop.prices import _rounded  # error: [private-import] "`_rounded` is private to `shop`"
    ///
    /// print(prices._rounded(1))  # error: [private-import] "`_rounded` is private to `shop`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py main.py
    /// from shop.prices import net
    ///
    /// print(net(1))
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Modules whose private names may be taken, with everything below them. `*` stands for any part of a name.
    ///
    /// ```toml
    /// allow = ["shop"]
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py
    /// def _rounded(price): ...
    /// ```
    ///
    /// ```py main.py
    /// from shop.prices import _rounded
    /// ```
    PRIVATE_IMPORT: File = PrivateImport, name: "private-import", aliases: ["PLC2701", "import-private-name"], default: Off
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PrivateImport {
    allow: Vec<ModulePattern>,
}

impl FileRule for PrivateImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            let Some(source) = graph.resolution(file.module, id).module() else { continue };
            let private = match import.target {
                Target::From { name, .. } if is_private(facts.name(name)) => {
                    let object = graph.imported_object(file.module, facts, id);
                    let module = if let Object::Module(module) = object { Some(module) } else { None };
                    Some((facts.name(name).to_owned(), module.map_or(source, |module| parent(graph, module))))
                }
                _ => private_part(graph, source),
            };
            if let Some((name, owner)) = private
                && let Some(package) = self.foreign(file, owner)
            {
                let written = written_import(facts, import);
                report
                    .at(
                        import.range,
                        format!("`{name}` is private to `{package}`, and `{written}` takes it from outside"),
                    )
                    .help(format!("use what `{package}` offers to others, or ask for it to be made public"));
            }
        }
        for reference in facts.references.iter().filter(|reference| !facts.chain(reference).is_empty()) {
            let Some(import) = facts.import_behind(reference) else { continue };
            for (at, (owner, name)) in graph.steps(file.module, facts, import, reference).enumerate() {
                let name = graph.name(name);
                if is_private(name)
                    && let Some(package) = self.foreign(file, owner)
                {
                    let range = facts.chain(reference)[at].range;
                    report
                        .at(reference.range.cover(range), format!("`{name}` is private to `{package}`"))
                        .help(format!("use what `{package}` offers to others, or ask for it to be made public"));
                }
            }
        }
    }
}

impl PrivateImport {
    /// The package that a module's private names belong to, if the file is none of it.
    fn foreign<'g>(&self, file: &Checked<'g>, owner: ModuleId) -> Option<&'g str> {
        let graph = file.graph();
        let module = graph.module(owner);
        let package = if module.is_package() { owner } else { module.parent.unwrap_or(owner) };
        let package = graph.module_name(package);
        let is_own = graph.module(file.module).name.is_within(package);
        let is_open = module.origin == Origin::Standard && module.name.as_str() == "__future__";
        let is_allowed = self.allow.iter().any(|pattern| pattern.matches(module.name.as_str()));
        (!is_own && !is_open && !is_allowed).then_some(package)
    }
}

fn parent(graph: &ModuleGraph, module: ModuleId) -> ModuleId {
    graph.module(module).parent.unwrap_or(module)
}

/// The outermost private part of a module's name, below a package, and that package.
fn private_part(graph: &ModuleGraph, module: ModuleId) -> Option<(String, ModuleId)> {
    let line: Vec<ModuleId> = std::iter::successors(Some(module), |module| graph.module(*module).parent).collect();
    let private = line.into_iter().rev().find(|module| is_private(graph.module(*module).name.last()))?;
    let owner = graph.module(private).parent?;
    Some((graph.module(private).name.last().to_owned(), owner))
}

fn is_private(name: &str) -> bool {
    name.starts_with('_') && !(name.starts_with("__") && name.ends_with("__"))
}
