//! `undefined-name-behind-star`

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_graph::{Exports, Lookup, ModuleId};
use douane_parser::{Arm, Context, FileFacts, Reference, Truth, Usage};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{counted, written_module},
};

declare_rule! {
    /// Checks for names that nobody binds, in files with star imports.
    ///
    /// ## Why is this bad?
    ///
    /// The name raises NameError when it is used. Tools that read one file at a time can't tell it from a name that the
    /// star brings, so that one star turns their check for undefined names off.
    ///
    /// The rule knows what the stars bring. It is silent as soon as one of them is not known: a third-party module
    /// without an environment, a computed `__all__`, a compiled module without a stub.
    ///
    /// As long as a file has such a name, the fixes of its stars are unsafe: without stars, no rule would report the name.
    ///
    /// ## Example
    ///
    /// ```py stock.py
    /// __all__ = ["buy"]
    ///
    ///
    /// def buy(): ...
    /// def sell(): ...
    /// def _log(): ...
    /// ```
    ///
    /// ```py shop.py
    /// from math import *
    /// from stock import *
    ///
    /// print(cosinus(pi))  # error: [undefined-name-behind-star] "`cosinus` is not defined"
    /// buy()
    /// sell()  # error: [undefined-name-behind-star] "not in its `__all__`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shop.py
    /// from math import cos, pi
    /// from stock import buy, sell
    ///
    /// print(cos(pi))
    /// buy()
    /// sell()
    /// ```
    ///
    /// Names with a leading underscore stay behind too:
    ///
    /// ```py cache.py
    /// _cache = {}
    /// ```
    ///
    /// ```py main.py
    /// from cache import *
    ///
    /// _cache.clear()  # error: [undefined-name-behind-star] "a star skips names with a leading underscore"
    /// ```
    UNDEFINED_NAME_BEHIND_STAR: File = UndefinedNameBehindStar, name: "undefined-name-behind-star", aliases: ["F405", "undefined-local-with-import-star-usage", "F821", "undefined-name", "E0602", "undefined-variable"], default: Error, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UndefinedNameBehindStar {}

impl FileRule for UndefinedNameBehindStar {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let Some(stars) = known_stars(file) else { return };
        let facts = file.facts;
        let mut verdicts: FxHashMap<douane_parser::Symbol, Option<Verdict>> = FxHashMap::default();
        for reference in &facts.references {
            if !is_evaluated(file, reference) {
                continue;
            }
            let verdict = verdicts.entry(reference.name).or_insert_with(|| {
                let name = facts.name(reference.name);
                verdict(file, &stars, name)
            });
            if let Some((message, help, fix)) = verdict {
                let diagnostic = report.at(reference.range, message.clone());
                diagnostic.help(help.clone());
                diagnostic.fix = fix.clone();
            }
        }
    }
}

/// A name that nobody binds, in a file with stars. Once these are gone, no rule would miss it any more.
pub(crate) fn undefined_name<'c>(file: &Checked<'c>) -> Option<&'c str> {
    let stars = known_stars(file)?;
    let facts: &'c FileFacts = file.facts;
    let evaluated = facts.references.iter().filter(|reference| is_evaluated(file, reference));
    evaluated.map(|reference| facts.name(reference.name)).find(|name| verdict(file, &stars, name).is_some())
}

/// The modules whose stars the file takes, if there are any and everything that they bring is known.
fn known_stars(file: &Checked<'_>) -> Option<Vec<ModuleId>> {
    let graph = file.graph();
    // `open` covers stars that are not known as well as `globals()` and syntax errors.
    if graph.open(file.module).is_some_and(|reason| reason != douane_graph::Unknown::Getattr) {
        return None;
    }
    let stars: Vec<ModuleId> = graph.stars(file.module, file.facts).filter_map(|(_, _, source)| source).collect();
    let are_known = stars.iter().all(|star| !matches!(graph.exports(*star), Exports::Unknown(_)));
    (!stars.is_empty() && are_known).then_some(stars)
}

/// The message, the help, and the change that mends it.
type Verdict = (String, String, Option<Fix>);

/// True for a use that raises NameError if nobody binds the name.
fn is_evaluated(file: &Checked<'_>, reference: &Reference) -> bool {
    let facts = file.facts;
    reference.resolved.is_none()
        && matches!(reference.context, Context::Runtime | Context::Annotation)
        && reference.usage != Usage::Delete
        && facts.branches.truth(reference.branch) != Truth::False
        // `try: unicode` … `except NameError:` asks whether the name exists.
        && !facts.branches.ancestors(reference.branch).any(|branch| branch.arm == Arm::Try && branch.guard.is_some())
}

/// What is wrong with a name, and what to do; `None` if somebody binds it, or may.
fn verdict(file: &Checked<'_>, stars: &[ModuleId], name: &str) -> Option<Verdict> {
    let graph = file.graph();
    let is_special = name.starts_with("__") && name.ends_with("__");
    if is_special || name == "_" || file.is_builtin(name) || file.project.is_injected_builtin(name) {
        return None;
    }
    // `None`: it comes on some platforms or in some runs.
    if stars.iter().any(|star| graph.star_brings(*star, name) != Some(false)) {
        return None;
    }
    // A submodule that the package's own imports bind, say.
    if graph.lookup(file.module, name) != Lookup::Missing {
        return None;
    }
    for (_, import, source) in graph.stars(file.module, file.facts) {
        let source = source?;
        // A submodule is an attribute of its package, and comes with its star, once anything has loaded it.
        if graph.submodule(source, name).is_some() {
            return None;
        }
        let Some(entry) = graph.name_id(name).and_then(|name| graph.entry(source, name)) else { continue };
        // There on some platforms or in some runs.
        if !entry.is_certain {
            return None;
        }
        let module = graph.module_name(source);
        let reason = if graph.has_all(source) {
            "it is not in its `__all__`"
        } else if name.starts_with('_') {
            "a star skips names with a leading underscore"
        } else {
            return None;
        };
        let written = format!("from {} import {name}", written_module(file.facts, import));
        let place = file.facts.statement(import).place();
        let fix = Fix {
            title: format!("Add `{written}`"),
            applicability: Applicability::Unsafe,
            changes: vec![Change { file: file.id, kind: ChangeKind::AddImport(place, written.clone()) }],
        };
        return Some((
            format!("`{name}` is not defined: `{module}` has it, but {reason}"),
            format!("import it by name: `{written}`"),
            Some(fix),
        ));
    }
    let count = stars.len();
    let stars = if count == 1 {
        "the star import of this file does not bring it".to_owned()
    } else {
        format!("none of the {} of this file brings it", counted(count, "star import"))
    };
    Some((format!("`{name}` is not defined: {stars}"), "import it, or correct the name".to_owned(), None))
}
