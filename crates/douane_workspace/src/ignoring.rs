//! Comments that silence what is found now, for a code base that takes douane up.

use std::collections::{BTreeMap, BTreeSet};

use douane_base::{Diagnostic, Edit, FileId, LineIndex, TextRange};
use douane_parser::{Codes, Dialect, FileFacts, Import, SourceKind};
use douane_rules::Settings;

use crate::{
    Analysis, Stage, Workspace,
    files::read_bytes,
    rewriting::rewritten,
    transaction::{NewContent, refusal, write_together},
};

/// What came of it.
pub struct Ignored {
    /// The analysis of the program with the comments.
    pub analysis: Analysis,
    /// What could not be silenced, such as syntax errors.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings are silenced now.
    pub silenced: usize,
    /// What could not be done, one line each.
    pub problems: Vec<String>,
}

/// Findings about the file as a whole, or about comments, have no statement to put a comment at.
pub(crate) const NEVER: [&str; 4] = ["syntax-error", "unreadable-file", "unused-suppression", "unused-setting"];

impl Workspace {
    /// Writes `# douane: ignore[rule] reason` for everything that is found.
    pub fn add_ignores(&mut self, settings: &Settings, reason: &str, progress: &(dyn Fn(Stage) + Sync)) -> Ignored {
        let analysis = self.analyse(progress);
        let found = self.wanted(&analysis, settings, analysis.check(settings)).diagnostics;
        let mut by_file: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
        for diagnostic in found.iter().filter(|diagnostic| !NEVER.contains(&diagnostic.rule)) {
            by_file.entry(diagnostic.primary.file).or_default().push(diagnostic);
        }
        let mut problems = Vec::new();
        for (file, diagnostics) in by_file.iter().filter(|(file, _)| analysis.is_own(**file)) {
            if let Err(problem) = self.ignore_in(&analysis, *file, diagnostics, reason) {
                problems.push(format!("can't write comments into {}: {problem}", analysis.path(*file).display()));
            }
        }
        let after = self.analyse(progress);
        let diagnostics = self.wanted(&after, settings, after.check(settings)).diagnostics;
        let silenced = found.len().saturating_sub(diagnostics.len());
        Ignored { analysis: after, diagnostics, silenced, problems }
    }

    fn ignore_in(
        &self,
        analysis: &Analysis,
        file: FileId,
        diagnostics: &[&Diagnostic],
        reason: &str,
    ) -> Result<(), String> {
        let path = analysis.full_path(file);
        if refusal(path).is_some() {
            return Err("the file is read-only".to_owned());
        }
        let before = read_bytes(path)?;
        let text = SourceKind::of(path).decode(before.clone()).text;
        let facts = &analysis.facts()[file.0 as usize];
        let after = rewritten(path, &before, &text, &comments(file, &text, facts, diagnostics, reason))?;
        let errors = |bytes: &[u8]| self.facts_of_text(path, bytes.to_vec()).syntax_errors.len();
        if errors(&after) > errors(&before) {
            return Err("a comment would break a string or a continued line".to_owned());
        }
        write_together(&self.folder, &[NewContent { path, before: &before, after: &after }])
    }
}

/// The comments, as insertions in order.
pub(crate) fn comments(
    file: FileId,
    text: &str,
    facts: &FileFacts,
    diagnostics: &[&Diagnostic],
    reason: &str,
) -> Vec<Edit> {
    let lines = LineIndex::new(text);
    let mut of_file: BTreeSet<&str> = BTreeSet::new();
    let mut of_lines: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let range = diagnostic.primary.range;
        if range.is_empty() {
            of_file.insert(diagnostic.rule);
            continue;
        }
        of_lines.entry(line_for(range, diagnostics, text, &lines, facts)).or_default().insert(diagnostic.rule);
    }
    let mut edits = Vec::new();
    let mut insert = |at: u32, text: String| edits.push(Edit { file, range: TextRange::empty(at), text });
    if !of_file.is_empty() {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let at = lines.line_start(first_line(text));
        insert(at, format!("# douane: file-ignore[{}]{}{newline}", joined(&of_file), spaced(reason)));
    }
    for (line, rules) in of_lines {
        let start = lines.line_start(line);
        let end = start + u32::try_from(line_at(text, start).len()).unwrap_or(0);
        // What douane silences there already is added to.
        let known = facts.suppressions.iter().find_map(|suppression| match &suppression.codes {
            Codes::Listed(codes)
                if suppression.dialect == Dialect::Douane && lines.line(suppression.range.start()) == line =>
            {
                codes.last()
            }
            _ => None,
        });
        match known {
            Some(last) => insert(last.range.end(), format!(", {}", joined(&rules))),
            None => insert(end, format!("  # douane: ignore[{}]{}", joined(&rules), spaced(reason))),
        }
    }
    edits.sort_by_key(|edit| edit.range);
    edits
}

/// The line at whose end a comment silences what is found in a range: the last one of the statement, or that of an imported name
/// whose neighbours are to go on being judged.
fn line_for(range: TextRange, diagnostics: &[&Diagnostic], text: &str, lines: &LineIndex, facts: &FileFacts) -> u32 {
    let own = lines.line(range.end());
    let is_continued = || line_at(text, lines.line_start(own)).ends_with('\\');
    let found_in = |import: &Import| diagnostics.iter().any(|found| import.range.contains(found.primary.range));
    let has_neighbours = |import: &Import| {
        let mut others = facts.imports.iter().filter(|other| other.statement == import.statement);
        others.any(|other| !found_in(other))
    };
    if facts.imports.iter().any(|import| import.range.contains(range) && has_neighbours(import)) && !is_continued() {
        return own;
    }
    let statement = facts.statements.iter().find(|statement| statement.range.contains(range));
    statement.map_or(lines.line(range.start()), |statement| lines.line(statement.range.end()))
}

/// The rest of a line, without blanks at its end.
fn line_at(text: &str, start: u32) -> &str {
    text[start as usize..].split(['\n', '\r']).next().unwrap_or_default().trim_end()
}

fn joined(rules: &BTreeSet<&str>) -> String {
    rules.iter().copied().collect::<Vec<_>>().join(", ")
}

fn spaced(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" {reason}") }
}

/// The line behind the interpreter's and the encoding's, counted from 1.
fn first_line(text: &str) -> u32 {
    let is_special = |(at, line): &(usize, &str)| {
        (*at == 0 && line.starts_with("#!")) || (*at < 2 && line.starts_with('#') && line.contains("coding"))
    };
    1 + u32::try_from(text.lines().enumerate().take_while(is_special).count()).unwrap_or(0)
}
