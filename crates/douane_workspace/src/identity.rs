//! What makes two findings the same one, before and after the code around them changed.
//!
//! Neither line numbers nor other findings have a part in it, but where a scope has several that nothing tells apart: these
//! are counted in their order.

use douane_base::{Diagnostic, FileId, Fingerprint, SourceFile, TextRange};
use douane_parser::FileFacts;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{Analysis, analysis::slashed, files::relative_to};

/// What makes two findings the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The path from the project's folder.
    pub(crate) file: String,
    pub(crate) rule: String,
    /// The function or class around it, `Class.method`; empty at the top level.
    pub(crate) scope: String,
    /// The text that it is about; empty for a finding about the file.
    pub(crate) subject: String,
}

/// The identities of findings, in their order.
pub(crate) fn identities<'d>(analysis: &Analysis, diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Vec<Identity> {
    let mut sources: FxHashMap<FileId, SourceFile> = FxHashMap::default();
    let identity = |diagnostic: &Diagnostic| {
        let (file, range) = (diagnostic.primary.file, diagnostic.primary.range);
        let source = sources.entry(file).or_insert_with(|| analysis.source_file(file));
        let facts = analysis.facts().get(file.0 as usize);
        Identity {
            file: slashed(&relative_to(analysis.full_path(file), analysis.folder())),
            rule: diagnostic.rule.to_owned(),
            scope: facts.map_or_else(String::new, |facts| qualified_scope(facts, range)),
            subject: subject(source.text(), facts, range),
        }
    };
    diagnostics.map(identity).collect()
}

impl Analysis {
    /// Gives all findings of a run their fingerprints.
    pub fn fingerprint<'d>(&self, diagnostics: impl Iterator<Item = &'d mut Diagnostic>) {
        let mut diagnostics: Vec<&mut Diagnostic> = diagnostics.collect();
        diagnostics.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        let identities = identities(self, diagnostics.iter().map(|diagnostic| &**diagnostic));
        let mut counts: FxHashMap<&Identity, u32> = FxHashMap::default();
        for (diagnostic, identity) in diagnostics.iter_mut().zip(&identities) {
            let Identity { file, rule, scope, subject } = identity;
            let count = counts.entry(identity).or_insert(0);
            *count += 1;
            let number = if *count == 1 { String::new() } else { count.to_string() };
            diagnostic.fingerprint = Some(Fingerprint::of(&[rule, file, scope, subject, &number]));
        }
    }
}

/// The dotted name of the innermost function or class around a place.
fn qualified_scope(facts: &FileFacts, range: TextRange) -> String {
    let is_around = |scope: TextRange| scope.start() < range.start() && range.end() <= scope.end();
    let around = facts.scopes.iter().filter(|scope| scope.name.is_some() && is_around(scope.range));
    let mut around: Vec<_> = around.collect();
    around.sort_by_key(|scope| scope.range.start());
    let names: Vec<&str> = around.into_iter().filter_map(|scope| Some(facts.name(scope.name?))).collect();
    names.join(".")
}

/// The text that a finding is about, without its line breaks; a name of a `from` statement with the module that it comes from.
fn subject(text: &str, facts: Option<&FileFacts>, range: TextRange) -> String {
    const LONGEST: usize = 200;
    let words = |range: TextRange| range.slice(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let about = words(range);
    let mut statements = facts.into_iter().flat_map(|facts| &facts.statements);
    let from = statements.find(|statement| {
        let (whole, module) = (statement.range, statement.module_range);
        !module.is_empty() && module.end() <= range.start() && range.end() <= whole.end() && !range.is_empty()
    });
    let whole = match from {
        Some(statement) => format!("from {} import {about}", words(statement.module_range)),
        None => about,
    };
    whole.chars().take(LONGEST).collect()
}
