//! The comments that silence findings: douane's own and those of its peers.
//!
//! | comment | silences |
//! |---|---|
//! | `# douane: ignore[rule] reason` behind code | the rule on that statement's lines |
//! | `# douane: ignore[rule] reason` on a line of its own | the rule on the next statement |
//! | `# douane: file-ignore[rule] reason` | the rule in the file |
//! | `# noqa`, `# noqa: F403`, `# ruff: ignore[F403]` | all, or what the codes stand for, on the line |
//! | `# ruff: noqa`, `# ruff: noqa: F403`, `# flake8: noqa`, `# ruff: file-ignore[…]` | the same in the file |
//! | `# pylint: disable=wildcard-import` | behind code: on the line; on a line of its own: to the end of the block |
//! | `# pylint: enable=wildcard-import` | nothing: it takes back, just as far, what pylint's comments before it silence |

use douane_base::{LineIndex, TextRange};
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;
use serde::{Deserialize, Serialize};

use crate::{facts::Statement, text_range};

/// One comment that silences findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The comment.
    pub range: TextRange,
    /// Findings that start in here are silenced.
    pub covers: TextRange,
    /// Which findings.
    pub codes: Codes,
    /// Whose words it is in.
    pub dialect: Dialect,
}

/// Who a suppression is written for, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// For douane, which reports it when it silences nothing.
    Douane,
    /// For pylint, where the last comment that covers a place decides.
    Pylint,
    /// For pylint, the other way round: `# pylint: enable=…` takes back what its comments before this one silence.
    PylintEnable,
    /// For any other tool, or for pylint and the whole file.
    Peer,
}

/// What a suppression names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codes {
    /// Everything.
    All,
    /// Rules by name or by a peer's code.
    Listed(Vec<Code>),
}

/// A rule's name, or a peer's code, in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// As written.
    pub text: Box<str>,
    /// Its place.
    pub range: TextRange,
}

pub(crate) fn read(source: &str, tokens: &Tokens, statements: &[Statement]) -> Vec<Suppression> {
    // Few comments are directives, and to look at what follows each `#` is cheaper than to walk the tokens.
    if !memchr::memchr_iter(b'#', source.as_bytes()).any(|at| may_be_directive(&source[at..])) {
        return Vec::new();
    }
    let reader = Reader { source, lines: LineIndex::new(source), statements, blocks: blocks(tokens) };
    let comments = tokens.iter().filter(|token| token.kind() == TokenKind::Comment);
    comments.flat_map(|comment| reader.comment(text_range(comment.range()))).collect()
}

/// The line names a tool.
fn may_be_directive(comment: &str) -> bool {
    let end = memchr::memchr2(b'\n', b'\r', comment.as_bytes()).unwrap_or(comment.len());
    let line = &comment[..end];
    ["noqa", "NOQA", "NoQA", "douane", "pylint", "ruff"].iter().any(|word| line.contains(word))
}

enum Reach {
    Line,
    Next,
    Block,
    File,
}

struct Reader<'s> {
    source: &'s str,
    lines: LineIndex,
    statements: &'s [Statement],
    blocks: Vec<Block>,
}

/// A suite on lines of its own, or what stands in brackets.
struct Block {
    /// From the end of its header to the end of its last statement.
    range: TextRange,
    /// Of the body of a function or class.
    definition: Option<Definition>,
}

struct Definition {
    /// Where the header starts.
    header: u32,
    /// Where the first statement behind the docstring starts.
    first: u32,
}

/// The blocks of a file, those around one before it.
fn blocks(tokens: &Tokens) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    // The line at hand: where it starts, and whether a function or class begins there.
    let (mut line_start, mut is_definition) = (None, false);
    // The line above, if something is defined there, and where the last token ends.
    let (mut header, mut end) = (None, 0);
    // The block whose first statement is still to come, and whether its docstring was there.
    let mut begun: Option<(usize, bool)> = None;
    for token in tokens {
        let (kind, range) = (token.kind(), text_range(token.range()));
        match kind {
            TokenKind::Comment | TokenKind::NonLogicalNewline => continue,
            TokenKind::Indent => {
                open.push(blocks.len());
                let definition = header.map(|header| Definition { header, first: u32::MAX });
                begun = Some((blocks.len(), false));
                blocks.push(Block { range: TextRange::new(end, end), definition });
                continue;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push(blocks.len());
                blocks.push(Block { range: TextRange::empty(range.start()), definition: None });
            }
            TokenKind::Dedent | TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if let Some(block) = open.pop().and_then(|at| blocks.get_mut(at)) {
                    block.range = TextRange::new(block.range.start(), end.max(block.range.start()));
                }
                if kind == TokenKind::Dedent {
                    continue;
                }
            }
            TokenKind::Newline => {
                header = line_start.take().filter(|_| is_definition);
                (end, is_definition) = (range.end(), false);
                continue;
            }
            TokenKind::Def | TokenKind::Class => is_definition = true,
            _ => {}
        }
        end = range.end();
        if line_start.is_some() {
            continue;
        }
        line_start = Some(range.start());
        match begun {
            Some((block, false)) if kind == TokenKind::String => begun = Some((block, true)),
            Some((block, _)) => {
                if let Some(definition) = &mut blocks[block].definition {
                    definition.first = range.start();
                }
                begun = None;
            }
            None => {}
        }
    }
    blocks
}

impl Reader<'_> {
    fn comment(&self, range: TextRange) -> Vec<Suppression> {
        let text = range.slice(self.source);
        let stands_alone = self.stands_alone(range);
        let mut found = Vec::new();
        // Several directives may share a comment: `# noqa: F403  # pylint: disable=W0401`.
        let mut offset = range.start();
        for part in text.split_inclusive('#') {
            let body = part.trim_end_matches('#');
            let leading = body.len() - body.trim_start().len();
            if let Some((reach, codes, dialect)) = directive(body.trim(), offset + count(leading), stands_alone) {
                found.push(Suppression { range, covers: self.covered(range, &reach), codes, dialect });
            }
            offset += count(part.len());
        }
        found
    }

    fn stands_alone(&self, comment: TextRange) -> bool {
        let start = self.lines.line_start(self.lines.line(comment.start()));
        TextRange::new(start, comment.start()).slice(self.source).trim().is_empty()
    }

    fn covered(&self, comment: TextRange, reach: &Reach) -> TextRange {
        let line = self.lines.line(comment.start());
        match reach {
            Reach::File => TextRange::new(0, count(self.source.len()) + 1),
            Reach::Line => self.lines_of(line, line),
            Reach::Next => {
                let mut next = line + 1;
                while next < self.lines.line_count() && self.is_comment_or_blank(next) {
                    next += 1;
                }
                self.lines_of(next, next)
            }
            Reach::Block => {
                let Some(block) = self.blocks.iter().rfind(|block| block.range.contains(comment)) else {
                    return TextRange::new(comment.start(), count(self.source.len()) + 1);
                };
                // What stands before all statements of a function is about its parameters too.
                let definition = block.definition.as_ref().filter(|definition| comment.start() < definition.first);
                let start = definition.map_or(comment.start(), |definition| definition.header);
                TextRange::new(start, block.range.end())
            }
        }
    }

    fn is_comment_or_blank(&self, line: u32) -> bool {
        let text = TextRange::new(self.lines.line_start(line), self.lines.line_start(line + 1)).slice(self.source);
        let text = text.trim_start();
        text.is_empty() || text.starts_with('#')
    }

    /// The lines, and with them the whole import statement that starts or ends there.
    fn lines_of(&self, first: u32, last: u32) -> TextRange {
        let mut covered = TextRange::new(self.lines.line_start(first), self.end_of_line(last));
        let from = self.statements.partition_point(|statement| statement.range.end() < covered.start());
        for statement in &self.statements[from..] {
            if statement.range.start() > covered.end() {
                break;
            }
            let start_line = self.lines.line(statement.range.start());
            let end_line = self.lines.line(statement.range.end());
            if (first..=last).contains(&start_line) || (first..=last).contains(&end_line) {
                covered = covered.cover(statement.range);
            }
        }
        covered
    }

    fn end_of_line(&self, line: u32) -> u32 {
        if line >= self.lines.line_count() { count(self.source.len()) + 1 } else { self.lines.line_start(line + 1) }
    }
}

/// Reads the text of a comment without its `#`. The offset is that of the text's first character.
fn directive(text: &str, offset: u32, stands_alone: bool) -> Option<(Reach, Codes, Dialect)> {
    if let Some(rest) = tool(text, "douane") {
        let (reach, listed) = if let Some(listed) = rest.strip_prefix("ignore") {
            (if stands_alone { Reach::Next } else { Reach::Line }, listed)
        } else {
            (Reach::File, rest.strip_prefix("file-ignore")?)
        };
        return Some((reach, bracketed(text, listed, offset)?, Dialect::Douane));
    }
    if let Some(rest) = tool(text, "ruff") {
        if let Some(codes) = noqa(text, rest, offset) {
            return Some((Reach::File, codes, Dialect::Peer));
        }
        let (reach, listed) = if let Some(listed) = rest.strip_prefix("ignore") {
            (if stands_alone { Reach::Next } else { Reach::Line }, listed)
        } else if let Some(listed) = rest.strip_prefix("file-ignore") {
            (Reach::File, listed)
        } else {
            (Reach::Block, rest.strip_prefix("disable")?)
        };
        return Some((reach, bracketed(text, listed, offset)?, Dialect::Peer));
    }
    if let Some(rest) = tool(text, "flake8") {
        return Some((Reach::File, noqa(text, rest, offset)?, Dialect::Peer));
    }
    if let Some(rest) = tool(text, "pylint") {
        if rest == "skip-file" {
            return Some((Reach::File, Codes::All, Dialect::Peer));
        }
        let here = if stands_alone { Reach::Block } else { Reach::Line };
        let (reach, dialect, listed) = if let Some(listed) = rest.strip_prefix("disable-next") {
            (Reach::Next, Dialect::Pylint, listed)
        } else if let Some(listed) = rest.strip_prefix("enable") {
            (here, Dialect::PylintEnable, listed)
        } else {
            (here, Dialect::Pylint, rest.strip_prefix("disable")?)
        };
        let listed = listed.trim_start().strip_prefix('=')?;
        let codes = codes(text, listed, offset);
        if !codes.iter().any(|code| &*code.text == "all") {
            return Some((reach, Codes::Listed(codes), dialect));
        }
        // Nothing comes back behind `disable=all`.
        let dialect = if dialect == Dialect::Pylint { Dialect::Peer } else { dialect };
        return Some((reach, Codes::All, dialect));
    }
    noqa(text, text, offset).map(|codes| (Reach::Line, codes, Dialect::Peer))
}

/// What stands behind `name:`.
fn tool<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.strip_prefix(name)?.trim_start().strip_prefix(':').map(str::trim_start)
}

fn noqa(whole: &str, text: &str, offset: u32) -> Option<Codes> {
    let word = text.get(..4).filter(|word| word.eq_ignore_ascii_case("noqa"))?;
    let rest = &text[word.len()..];
    match rest.trim_start().strip_prefix(':') {
        Some(listed) => {
            let codes: Vec<Code> = codes(whole, listed, offset);
            // `# noqa: see below` names nothing and silences everything, as flake8 reads it.
            Some(if codes.is_empty() { Codes::All } else { Codes::Listed(codes) })
        }
        None if rest.is_empty() || rest.starts_with(|next: char| next.is_whitespace() || next == ',') => {
            Some(Codes::All)
        }
        None => None,
    }
}

fn bracketed(whole: &str, text: &str, offset: u32) -> Option<Codes> {
    let (listed, _reason) = text.trim_start().strip_prefix('[')?.split_once(']')?;
    Some(Codes::Listed(codes(whole, listed, offset)))
}

/// The words of a list, up to the first that can be no rule. `listed` is a part of `whole`.
fn codes(whole: &str, listed: &str, offset: u32) -> Vec<Code> {
    let base = listed.as_ptr() as usize - whole.as_ptr() as usize;
    let mut found = Vec::new();
    let mut at = 0;
    for part in listed.split_inclusive([',', ' ', '\t']) {
        let word = part.trim_matches([',', ' ', '\t']);
        if !word.is_empty() {
            if !word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_') {
                break;
            }
            let start = offset + count(base + at + (part.len() - part.trim_start_matches([',', ' ', '\t']).len()));
            found.push(Code { text: word.into(), range: TextRange::new(start, start + count(word.len())) });
        }
        at += part.len();
    }
    found
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_codes(comment: &str) -> Option<Vec<String>> {
        match directive(comment, 0, false)?.1 {
            Codes::All => Some(vec!["*".to_owned()]),
            Codes::Listed(codes) => Some(codes.iter().map(|code| code.range.slice(comment).to_owned()).collect()),
        }
    }

    #[test]
    fn every_dialect_is_read() {
        let codes = |list: &[&str]| Some(list.iter().map(ToString::to_string).collect());
        assert_eq!(read_codes("douane: ignore[star-import] the API of the C library"), codes(&["star-import"]));
        assert_eq!(read_codes("noqa"), codes(&["*"]));
        assert_eq!(read_codes("NOQA:F403,F401"), codes(&["F403", "F401"]));
        assert_eq!(read_codes("noqa: F403 E501"), codes(&["F403", "E501"]));
        assert_eq!(read_codes("ruff: noqa: F403"), codes(&["F403"]));
        assert_eq!(read_codes("ruff: ignore[F403]"), codes(&["F403"]));
        assert_eq!(read_codes("pylint: disable=wildcard-import, W0401"), codes(&["wildcard-import", "W0401"]));
        assert_eq!(read_codes("noqartz"), None);
        assert_eq!(read_codes("douane is French"), None);
    }
}
