//! What the terminal can do, and one-line messages to it.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether a stream gets colours: `--color` first, then `NO_COLOR`, `FORCE_COLOR` and `CLICOLOR_FORCE`, then whether
    /// the stream is a terminal.
    pub(crate) fn is_on(self, stream: &impl IsTerminal) -> bool {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let denies = |name: &str| env::var(name).is_ok_and(|value| matches!(value.as_str(), "0" | "false"));
        let forces = |name: &str| is_set(name) && !denies(name);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if is_set("NO_COLOR") => false,
            Self::Auto if denies("FORCE_COLOR") => false,
            Self::Auto if forces("FORCE_COLOR") || forces("CLICOLOR_FORCE") => true,
            Self::Auto => {
                let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
                stream.is_terminal() && !is_dumb && !denies("CLICOLOR")
            }
        }
    }
}

/// One line about why something can't be done.
pub(crate) fn error(message: &str) {
    line("error", message);
}

/// One line about something that may not be meant.
pub(crate) fn warning(message: &str) {
    line("warning", message);
}

/// One line for whoever asked for details.
pub(crate) fn note(message: &str) {
    line("note", message);
}

fn line(kind: &str, message: &str) {
    // There is nowhere left to report that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{kind}: {message}");
}
