//! `untracked-import`

use douane_parser::ImportId;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use super::unresolved_import::{is_guarded, place};
use crate::{Absence, Checked, FileRule, Reporter, rule::declare_rule};

declare_rule! {
    /// Checks for imports of modules that git does not track, where a commit or a branch is checked: with `--staged` or
    /// `--since`.
    ///
    /// ## Why is this bad?
    ///
    /// It works here, where the file is, and fails in CI and for everybody else; behind `if TYPE_CHECKING:`, where it fails
    /// for type checkers, too.
    ///
    /// Files that `.gitignore` names are left alone, as they are made by a build or belong to one machine only. So are imports
    /// in `try` with `except ImportError`.
    ///
    /// ## Example
    ///
    /// ```py prices.py untracked
    /// def net(price): ...
    /// ```
    ///
    /// ```py orders.py
    /// import prices  # error: [untracked-import] "`prices` is not in git: `prices.py` is not tracked"
    ///
    /// try:
    ///     import prices
    /// except ImportError:
    ///     prices = None
    /// ```
    ///
    /// Use instead:
    ///
    /// ```console
    /// $ git add prices.py
    /// ```
    ///
    /// A module in a package is none of its names:
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py untracked
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop/orders.py
    /// from . import prices  # error: [untracked-import] "`shop.prices` is not in git"
    /// from .prices import net  # error: [untracked-import]
    /// ```
    UNTRACKED_IMPORT: File = UntrackedImport, name: "untracked-import", aliases: [], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UntrackedImport {}

impl FileRule for UntrackedImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let mut seen = FxHashSet::default();
        for (id, import) in (0..).map(ImportId).zip(&file.facts.imports) {
            let Some((module, Absence::Untracked(path))) = file.absent(id) else { continue };
            if is_guarded(file, import) || !seen.insert((import.statement.0, module.clone())) {
                continue;
            }
            let message = format!("`{module}` is not in git: `{path}` is not tracked");
            report.at(place(file, import, &module), message).help(format!("`git add {path}`, or don't import it here"));
        }
    }
}
