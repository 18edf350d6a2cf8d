//! `unused-setting`

use crate::rule::declare_rule;

declare_rule! {
    /// Checks for settings in `lint.toml`, or in `[tool.douane]`, that have nothing to work on.
    ///
    /// ## Why is this bad?
    ///
    /// The path is misspelt, or what it named is gone; either way the configuration says something that is not so.
    /// Reported are the paths of `[[overrides]]` that fit no file of the program, folders of `src` that do not exist or
    /// lie outside of the project, and `[[cost.budgets]]` for a module that the program's own package does not have. What `exclude` names may well be missing: it is often there on some machines only.
    ///
    /// The finding points into the configuration: ``no file fits `test` ``.
    UNUSED_SETTING: Engine without examples, name: "unused-setting", aliases: [], default: Warning
}
