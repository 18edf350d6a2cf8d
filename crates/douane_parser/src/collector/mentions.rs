//! Names that are used where no code stands: in types that are written as comments or strings, in examples, and in the
//! commands of notebooks.

use ruff_python_ast::IpyEscapeKind;

use super::Collector;
use crate::facts::{Context, EffectKind, Usage};

impl Collector<'_> {
    /// Notes the names in a string that holds a type but can't be read as one.
    pub(super) fn mentioned_names(&mut self, range: douane_base::TextRange) {
        for word in words(range.slice(self.source)) {
            if let Some(name) = self.used(word) {
                let attributes = self.found.attributes.len();
                self.in_context(Context::StringAnnotation, |this| {
                    this.reference(name, range, attributes, Usage::Read);
                });
            }
        }
    }

    /// A command of IPython: a magic, a command of the shell, a question for help. It may use the names that stand in it, and
    /// most magics may bind any.
    pub(super) fn command(&mut self, kind: IpyEscapeKind, text: &str, range: douane_base::TextRange) {
        /// Those that bind nothing, or nothing but settings.
        const BINDING_NOTHING: [&str; 20] = [
            "alias",
            "autoreload",
            "autosave",
            "cd",
            "conda",
            "config",
            "env",
            "load_ext",
            "ls",
            "matplotlib",
            "mkdir",
            "pip",
            "precision",
            "pwd",
            "reload_ext",
            "set_env",
            "timeit",
            "unload_ext",
            "who",
            "whos",
        ];
        self.mentioned_names(range);
        let magic = text.split_whitespace().next().unwrap_or_default();
        let is_magic = matches!(kind, IpyEscapeKind::Magic | IpyEscapeKind::Magic2);
        let mut words = text.split_whitespace().skip(1);
        let binds = match magic {
            "time" | "prun" | "capture" => words.next().is_some(),
            magic => !BINDING_NOTHING.contains(&magic),
        };
        if is_magic && binds {
            self.effect(EffectKind::NamespaceWrite, range);
        }
    }

    /// Notes the names that the examples of docstrings use: `doctest` runs them among the names of the module.
    pub(super) fn note_examples(&mut self) {
        let source = self.source;
        for at in memchr::memmem::find_iter(source.as_bytes(), b">>> ") {
            let example = source[at..].lines();
            let go_on =
                example.enumerate().take_while(|(number, line)| *number == 0 || line.trim_start().starts_with("... "));
            for word in go_on.flat_map(|(_, line)| words(line)) {
                if let Some(name) = self.found.names.find(word).filter(|name| self.found.interest.is_imported(*name)) {
                    self.found.example_names.push(name);
                }
            }
        }
    }

    /// Notes the names in comments such as `# type: List[int]`.
    pub(super) fn note_type_comments(&mut self) {
        let source = self.source;
        for at in memchr::memmem::find_iter(source.as_bytes(), b"# type:") {
            let comment = source[at..].lines().next().unwrap_or_default();
            for word in words(comment) {
                if let Some(name) = self.found.names.find(word).filter(|name| self.found.interest.is_imported(*name)) {
                    self.found.type_comment_names.push(name);
                }
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}
