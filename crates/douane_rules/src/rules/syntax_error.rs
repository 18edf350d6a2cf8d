//! `syntax-error`

use crate::rule::declare_rule;

declare_rule! {
    /// Checks for what is not valid Python: what the parser reports, and bytes that can't be decoded.
    ///
    /// ## Why is this bad?
    ///
    /// Python refuses the file. douane reads on behind the error and checks the rest, but rules that would need to know
    /// the whole file are silent.
    ///
    /// ## Example
    ///
    /// ```py
    /// import os,  # error: [syntax-error] "Trailing comma not allowed"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import os
    /// ```
    SYNTAX_ERROR: Engine, name: "syntax-error", aliases: ["invalid-syntax", "E999", "E0001"], default: Error
}
