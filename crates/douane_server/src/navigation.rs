//! What stands at a position: where it is defined, who imports it, and what there is to say of it.

use std::path::Path;

use douane_base::{FileId, LineIndex, TextRange};
use douane_graph::{Definition, ModuleGraph, ModuleId, Object, Origin, Resolution};
use douane_parser::{Codes, FileFacts, ImportId, Target};
use douane_rules::{Rule, find_rule, rules_named};
use douane_workspace::Analysis;
use lsp_types::Position;
use serde_json::{Value, json};

use crate::{
    client::Client,
    costs::described,
    documents::Documents,
    findings::{Texts, uri_in},
    folder::Folder,
};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Where it is defined.
    Definition,
    /// Who imports it.
    References,
    /// What there is to say of it.
    Hover,
}

/// A question about a position in a file of a program.
pub(crate) struct Asked<'a> {
    folder: &'a Folder,
    analysis: &'a Analysis,
    client: &'a Client,
    documents: &'a Documents,
    texts: Texts<'a>,
    file: FileId,
    module: Option<ModuleId>,
    offset: u32,
}

/// What of an import, or of what one brought, stands there.
enum Place {
    /// The module of an import statement.
    Module(ImportId),
    /// A name that an import takes, or a star.
    Name(ImportId),
    /// A use of something imported.
    Use(Object),
}

impl<'a> Asked<'a> {
    /// None for a file that does not belong to the program.
    pub(crate) fn new(
        folder: &'a Folder,
        client: &'a Client,
        documents: &'a Documents,
        path: &Path,
        position: Position,
    ) -> Option<Self> {
        let analysis = folder.program.analysis()?;
        let file = analysis.file_at(path)?;
        let mut texts = Texts::new(analysis);
        let source = texts.file(file);
        let offset = client.encoding.offset(source.text(), source.lines(), position);
        let module = analysis.graph().module_of_file(file);
        Some(Self { folder, analysis, client, documents, texts, file, module, offset })
    }

    /// The result of the request.
    pub(crate) fn answer(&mut self, question: Question) -> Value {
        match question {
            Question::Definition => self.definition(),
            Question::References => self.references(),
            Question::Hover => self.hover(),
        }
    }

    fn facts(&self) -> &'a FileFacts {
        &self.analysis.facts()[self.file.0 as usize]
    }

    fn graph(&self) -> &'a ModuleGraph {
        self.analysis.graph()
    }

    fn is_in(&self, range: TextRange) -> bool {
        range.start() <= self.offset && self.offset <= range.end()
    }

    fn target(&self) -> Option<Place> {
        let facts = self.facts();
        let imports = || (0..).map(ImportId).zip(&facts.imports);
        if let Some((id, import)) = imports().find(|(_, import)| self.is_in(import.range)) {
            return Some(match import.target {
                Target::Module(_) => Place::Module(id),
                Target::From { .. } | Target::Star { .. } => Place::Name(id),
            });
        }
        if let Some((id, _)) = imports().find(|(_, import)| self.is_in(facts.statement(import).module_range)) {
            return Some(Place::Module(id));
        }
        let reference = facts.references.iter().find(|reference| {
            let end = facts.chain(reference).last().map_or(reference.range, |last| last.range);
            self.is_in(reference.range.cover(end))
        })?;
        Some(Place::Use(self.graph().object(self.module?, facts, reference).0))
    }

    /// Where what stands there is defined.
    fn definition(&mut self) -> Value {
        let Some(module) = self.module else { return Value::Null };
        let object = match self.target() {
            Some(Place::Module(import)) => {
                self.graph().resolution(module, import).module().map_or(Object::Unknown, Object::Module)
            }
            Some(Place::Name(import)) => match self.graph().imported_object(module, self.facts(), import) {
                // The star itself is as good as its module.
                Object::Unknown => {
                    self.graph().resolution(module, import).module().map_or(Object::Unknown, Object::Module)
                }
                object => object,
            },
            Some(Place::Use(object)) => object,
            None => Object::Unknown,
        };
        let definition = match object {
            Object::Module(module) => Definition::Module(module),
            Object::Name(module, name) => self.graph().definition(self.analysis.facts(), module, name),
            Object::Unknown => Definition::Unknown,
        };
        match definition {
            Definition::Module(module) => self.location_of(module, TextRange::empty(0)),
            Definition::Binding(module, binding) => {
                let file = self.graph().module(module).file;
                let range = file.map(|file| self.analysis.facts()[file.0 as usize].binding(binding).range);
                range.map_or(Value::Null, |range| self.location_of(module, range))
            }
            Definition::Standard(..) | Definition::Unknown => Value::Null,
        }
    }

    fn location_of(&mut self, module: ModuleId, range: TextRange) -> Value {
        let module = self.graph().module(module);
        module.file.map_or(Value::Null, |file| self.location(file, range))
    }

    fn location(&mut self, file: FileId, range: TextRange) -> Value {
        let range = self.texts.range(self.client, file, range);
        json!({ "uri": uri_in(self.documents, self.analysis.full_path(file)), "range": range })
    }

    /// The module that an import names, or else the file itself.
    fn module_asked(&self) -> Option<ModuleId> {
        let own = self.module?;
        match self.target() {
            Some(Place::Module(import)) => self.graph().resolution(own, import).module(),
            Some(Place::Name(import)) => match self.graph().imported_object(own, self.facts(), import) {
                Object::Module(module) => Some(module),
                _ => self.graph().resolution(own, import).module(),
            },
            Some(Place::Use(Object::Module(module))) => Some(module),
            _ => Some(own),
        }
    }

    /// Who imports the module that stands there, or this file.
    fn references(&mut self) -> Value {
        let Some(module) = self.module_asked() else { return Value::Null };
        let mut places: Vec<(FileId, TextRange)> = self
            .graph()
            .importers_of(module)
            .filter(|edge| !edge.is_implicit)
            .filter_map(|edge| {
                let file = self.graph().module(edge.importer).file?;
                let facts = &self.analysis.facts()[file.0 as usize];
                Some((file, facts.statement(facts.import(edge.import?)).range))
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        let locations: Vec<Value> = places.into_iter().map(|(file, range)| self.location(file, range)).collect();
        json!(locations)
    }

    /// What there is to say, in Markdown.
    fn hover(&mut self) -> Value {
        if let Some((range, text)) = self.about_rule() {
            let range = self.texts.range(self.client, self.file, range);
            return json!({ "contents": { "kind": "markdown", "value": text }, "range": range });
        }
        let (Some(own), Some(Place::Module(import) | Place::Name(import))) = (self.module, self.target()) else {
            return Value::Null;
        };
        let text = self.about_import(own, import);
        json!({ "contents": { "kind": "markdown", "value": text } })
    }

    fn about_import(&self, own: ModuleId, id: ImportId) -> String {
        let (graph, facts) = (self.graph(), self.facts());
        let written = facts.import(id).target.module().1.map_or("", |module| facts.name(module));
        let module = match graph.resolution(own, id) {
            Resolution::Module(module) => module,
            Resolution::Missing(_) => return format!("`{written}` does not exist."),
            Resolution::BeyondTop => return "There are more dots than packages.".to_owned(),
            Resolution::Unknown(reason) => {
                let reason = graph.reason(self.analysis.facts(), own, reason);
                return format!("Where `{written}` comes from is not known: {reason}.");
            }
        };
        let module = module_of(graph, facts, own, id).unwrap_or(module);
        let whose = match graph.module(module).origin {
            Origin::FirstParty => "of this program",
            Origin::Standard => "of the standard library",
            Origin::ThirdParty => "installed",
        };
        let mut text = format!("`{}`, {whose}", graph.module_name(module));
        if let Some(file) = graph.module(module).file {
            text.push_str(&format!("\n\n{}", self.analysis.path(file).display()));
        }
        if matches!(facts.import(id).target, Target::Star { .. }) {
            text.push_str(&format!("\n\n{}", self.about_star(module)));
        }
        let cost = self.folder.costs.of(self.folder.program.workspace(), graph.module_name(module));
        text.push_str(&format!("\n\n{}", described(&cost)));
        let importers: std::collections::BTreeSet<&str> = graph
            .importers_of(module)
            .filter(|edge| !edge.is_implicit && edge.importer != own)
            .map(|edge| graph.module_name(edge.importer))
            .collect();
        let others = match importers.len() {
            0 => "Nobody else imports it.".to_owned(),
            1..=8 => format!("Also imported by {}.", quoted(importers.into_iter())),
            many => format!("Also imported by {many} other modules."),
        };
        text.push_str(&format!("\n\n{others}"));
        text
    }

    fn about_star(&self, module: ModuleId) -> String {
        const MOST: usize = 60;
        let graph = self.graph();
        let Some(names) = graph.star_names(module) else { return "What the star brings can't be told.".to_owned() };
        let shown = quoted(names.iter().take(MOST).map(|name| graph.name(*name)));
        let more = names.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("The star brings {}: {shown}{more}", names.len())
    }

    /// The rule that a comment names here.
    fn about_rule(&self) -> Option<(TextRange, String)> {
        let codes = self.facts().suppressions.iter().filter_map(|suppression| match &suppression.codes {
            Codes::Listed(codes) => Some(codes),
            Codes::All => None,
        });
        let code = codes.flatten().find(|code| self.is_in(code.range))?;
        let rules = rules_named(&code.text);
        let pages: Vec<String> = rules.iter().map(|rule| page_of(rule)).collect();
        (!pages.is_empty()).then(|| (code.range, pages.join("\n\n")))
    }
}

/// What a configuration says where it names a rule: the rule's page.
pub(crate) fn about_rule_in(text: &str, client: &Client, position: Position) -> Value {
    let offset = client.encoding.offset(text, &LineIndex::new(text), position) as usize;
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let (before, after) = (text.get(..offset).unwrap_or_default(), text.get(offset..).unwrap_or_default());
    let start = before.trim_end_matches(is_of_word).len();
    let end = offset + (after.len() - after.trim_start_matches(is_of_word).len());
    match text.get(start..end).and_then(find_rule) {
        Some(rule) => json!({ "contents": { "kind": "markdown", "value": page_of(rule) } }),
        None => Value::Null,
    }
}

fn page_of(rule: &Rule) -> String {
    format!("**{}**\n\n{}", rule.name, rule.summary().replace('\n', " "))
}

/// The module that an import is about: a submodule that it takes, or else where it takes things from.
pub(crate) fn module_of(graph: &ModuleGraph, facts: &FileFacts, own: ModuleId, id: ImportId) -> Option<ModuleId> {
    let source = graph.resolution(own, id).module()?;
    Some(match graph.imported_object(own, facts, id) {
        Object::Module(named) if matches!(facts.import(id).target, Target::From { .. }) => named,
        _ => source,
    })
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
