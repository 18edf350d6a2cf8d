//! `unused-star`

use douane_graph::{Exports, Unknown};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    star_uses::{StarUses, may_pass_names_on, star_fix, takes_submodules},
    wording::{written_import, written_module},
};

declare_rule! {
    /// Checks for star imports none of whose names is used: not by the file itself, nor by a module that takes names from
    /// it.
    ///
    /// ## Why is this bad?
    ///
    /// The module is loaded, and its names pushed into the file, for nothing.
    ///
    /// A package's `__init__`, a file that defines nothing of its own, and a module of a package that nobody in the program
    /// imports may pass the names of other modules on to code outside of it, and are left alone.
    ///
    /// ## Example
    ///
    /// ```py shapes.py
    /// from math import *
    /// from string import *  # error: [unused-star] "none of the names of `from string import *` is used"
    ///
    /// print(cos(pi))
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shapes.py
    /// from math import *
    ///
    /// print(cos(pi))
    /// ```
    UNUSED_STAR: File = UnusedStar, name: "unused-star", aliases: ["F401", "W0614", "unused-wildcard-import"], default: Warning, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UnusedStar {}

impl FileRule for UnusedStar {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let own = graph.module(file.module);
        let is_open = facts.traits.reads_namespace
            || facts.traits.is_broken
            || facts.traits.all_escapes
            || matches!(graph.exports(file.module), Exports::Unknown(Unknown::DynamicAll | Unknown::SyntaxError));
        if own.is_stub || is_open {
            return;
        }
        for (id, import, source) in graph.stars(file.module, facts) {
            let Some(source) = source else { continue };
            let Some((_, most)) = graph.star_counts(source) else { continue };
            // Whether it is used or not: it raises.
            if super::guarded_star_import::missing_entry(file.project, source).is_some() {
                continue;
            }
            let uses = StarUses::of(file, id, source);
            if most == 0 || may_pass_names_on(file, source) || uses.brings_wanted || takes_submodules(file, source) {
                continue;
            }
            let written = written_import(facts, import);
            let range = facts.statement(import).range;
            let diagnostic = report.at(range, format!("none of the names of `{written}` is used"));
            match file.project.traces().of(source) {
                Some((culprit, reason)) => {
                    let module = written_module(facts, import);
                    let (culprit, described) = (graph.module_name(culprit), reason.described(file.project));
                    diagnostic.help(format!(
                        "to load `{module}` is not nothing: `{culprit}` {described}; if that is what the star is for, import the module alone"
                    ));
                }
                None => {
                    diagnostic.help("remove it");
                }
            }
            diagnostic.fix = star_fix(file, id, source, &uses);
        }
    }
}
