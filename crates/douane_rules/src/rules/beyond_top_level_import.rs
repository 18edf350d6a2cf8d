//! `beyond-top-level-import`

use douane_graph::{Origin, Resolution};
use douane_parser::{ImportId, When};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{counted, written_import},
};

declare_rule! {
    /// Checks for relative imports with more dots than there are packages around the file.
    ///
    /// ## Why is this bad?
    ///
    /// The import raises ImportError ("attempted relative import beyond top-level package").
    ///
    /// It is left alone where the module that it names lies beside the top-level package: the folder around both may be a
    /// namespace package.
    ///
    /// ## Example
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/orders.py
    /// from ..prices import net  # error: [beyond-top-level-import] "leaves the package `shop`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/orders.py
    /// from .prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    BEYOND_TOP_LEVEL_IMPORT: File = BeyondTopLevelImport, name: "beyond-top-level-import", aliases: ["relative-beyond-top-level", "E0402"], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct BeyondTopLevelImport {}

impl FileRule for BeyondTopLevelImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            if graph.resolution(file.module, id) != Resolution::BeyondTop || import.when == When::TypeChecking {
                continue;
            }
            let (dots, named) = import.target.module();
            let beside = named.and_then(|module| graph.find(facts.name(module)));
            if beside.is_some_and(|module| graph.module(module).origin == Origin::FirstParty) {
                continue;
            }
            let package = graph.module(file.module).name.top_level();
            let message = match graph.module(file.module).parent {
                Some(_) => format!("`{}` leaves the package `{package}`", written_import(facts, import)),
                None => format!("`{}` is relative, but `{package}` is in no package", written_import(facts, import)),
            };
            let help =
                format!("{} are too many: take some away, or write the absolute name", counted(dots as usize, "dot"));
            report.at(import.range, message).help(help);
        }
    }
}
