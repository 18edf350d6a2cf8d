//! `unreadable-file`

use crate::rule::declare_rule;

declare_rule! {
    /// Checks for Python files that can't be read.
    ///
    /// ## Why is this bad?
    ///
    /// Python can't import them either, and what they would offer is unknown to every rule. Reported are files without
    /// read permission, links to nowhere, and what only has the name of a Python file: a pipe, a socket, a device.
    ///
    /// What is wrong stands in the message: `can't read the file: Permission denied`.
    UNREADABLE_FILE: Engine without examples, name: "unreadable-file", aliases: ["E902", "io-error", "F0001"], default: Error
}
