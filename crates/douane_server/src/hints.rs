//! Hints behind imports: what they load.

use std::path::Path;

use douane_parser::{FileFacts, ImportId, StatementId};
use lsp_types::Range;
use rustc_hash::FxHashSet;
use serde_json::{Value, json};

use crate::{
    client::Client,
    costs::{Limits, described, short},
    findings::Texts,
    folder::Folder,
    navigation::module_of,
};

/// A hint behind each import statement of a part of a file that passes the limits.
pub(crate) fn hints(folder: &Folder, client: &Client, path: &Path, asked: Range, limits: Limits) -> Option<Vec<Value>> {
    let analysis = folder.program.analysis()?;
    let file = analysis.file_at(path)?;
    let own = analysis.graph().module_of_file(file)?;
    let facts: &FileFacts = &analysis.facts()[file.0 as usize];
    let mut texts = Texts::new(analysis);
    let source = texts.file(file);
    let asked = client.encoding.text_range(source.text(), source.lines(), asked);
    let mut seen: FxHashSet<(StatementId, String)> = FxHashSet::default();
    let mut found = Vec::new();
    for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
        let range = facts.statement(import).range;
        let is_asked = range.start() <= asked.end() && asked.start() <= range.end();
        let Some(module) = module_of(analysis.graph(), facts, own, id).filter(|_| is_asked) else { continue };
        let name = analysis.graph().module_name(module);
        let cost = folder.costs.of(folder.program.workspace(), name);
        if !limits.are_passed_by(&cost) || !seen.insert((import.statement, name.to_owned())) {
            continue;
        }
        let end = texts.range(client, file, range).end;
        found.push(json!({
            "position": end,
            "label": short(&cost),
            "tooltip": format!("{name}: {}", described(&cost)),
            "paddingLeft": true,
        }));
    }
    Some(found)
}
