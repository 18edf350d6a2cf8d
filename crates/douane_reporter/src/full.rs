//! The format `full`: every diagnostic with the source lines it is about, drawn by codespan-reporting, then its help and
//! the fix that there is.
//!
//! codespan draws [`Excerpts`], not files: it would copy a line of ten megabytes to the terminal as it is, with the
//! escapes in it, and its work grows with the labels of a line times its length.

use std::io::{self, Write};

use codespan_reporting::{
    diagnostic::{Diagnostic as Drawing, Label as Mark, LabelStyle, Severity as DrawnSeverity},
    files::Error,
    term::{Config, emit_to_write_style, termcolor::Buffer},
};
use douane_base::{Applicability, Diagnostic, FileId, Fix, Label, Severity};

use crate::{
    Report, concise,
    escape::escaped,
    excerpt::{Excerpt, Excerpts, LINES_AFTER_START, LINES_BEFORE_END},
    position::{Positions, inside},
};

/// How many related places are drawn. The machine formats have them all; a person who wants more than a screen of
/// them is better served by a list.
const RELATED: usize = 24;

/// Writes all diagnostics, each followed by an empty line.
pub(crate) fn write(report: &Report<'_>, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let config =
        Config { start_context_lines: LINES_AFTER_START, end_context_lines: LINES_BEFORE_END, ..Config::default() };
    let mut buffer = if colours { Buffer::ansi() } else { Buffer::no_color() };
    for diagnostic in report.diagnostics {
        buffer.clear();
        if draw(diagnostic, &positions, &config, &mut buffer).is_err() {
            // Only a disagreement between the excerpt and codespan can bring us here; the finding is what counts.
            buffer.clear();
            concise::write_line(diagnostic, &positions, &mut buffer)?;
        }
        // codespan pads some lines, which a file of expected output should not have to repeat.
        for line in buffer.as_slice().split_inclusive(|byte| *byte == b'\n') {
            out.write_all(line.trim_ascii_end())?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn draw(diagnostic: &Diagnostic, positions: &Positions<'_>, config: &Config, buffer: &mut Buffer) -> Result<(), Error> {
    let severity = match diagnostic.severity {
        Severity::Error => DrawnSeverity::Error,
        Severity::Warning => DrawnSeverity::Warning,
    };
    let (excerpts, marks) = excerpts(diagnostic, positions);
    let drawing = Drawing::new(severity)
        .with_code(diagnostic.rule)
        .with_message(escaped(&diagnostic.message))
        .with_labels(marks)
        .with_notes(notes(diagnostic, positions));
    emit_to_write_style(buffer, config, &excerpts, &drawing)
}

/// The excerpts of all files that a diagnostic shows, the primary one first, and its labels as marks in them.
fn excerpts(diagnostic: &Diagnostic, positions: &Positions<'_>) -> (Excerpts, Vec<Mark<usize>>) {
    // The cells of a notebook count as files.
    let place = |label: &Label| {
        let offset = inside(positions.file(label.file).text(), label.range).start;
        (label.file, positions.shown_path(label.file, offset))
    };
    type Marked<'d> = Vec<(LabelStyle, &'d Label)>;
    let mut by_file: Vec<((FileId, String), Marked<'_>)> =
        vec![(place(&diagnostic.primary), vec![(LabelStyle::Primary, &diagnostic.primary)])];
    for label in diagnostic.related.iter().take(RELATED) {
        let (related, place) = ((LabelStyle::Secondary, label), place(label));
        match by_file.iter_mut().find(|(file, _)| *file == place) {
            Some((_, labels)) => labels.push(related),
            None => by_file.push((place, vec![related])),
        }
    }
    let mut excerpts = Vec::with_capacity(by_file.len());
    let mut marks = Vec::with_capacity(1 + diagnostic.related.len().min(RELATED));
    for (number, ((file, path), labels)) in by_file.into_iter().enumerate() {
        let source = positions.file(file);
        let ranges: Vec<_> = labels
            .iter()
            .map(|(_, label)| inside(source.text(), label.range))
            .map(|range| (range.clone(), positions.position(file, range.start)))
            .collect();
        let (excerpt, shown) = Excerpt::new(source, &path, &ranges);
        excerpts.push(excerpt);
        marks.extend(
            labels
                .iter()
                .zip(shown)
                .map(|((style, label), range)| Mark::new(*style, number, range).with_message(escaped(&label.message))),
        );
    }
    (Excerpts(excerpts), marks)
}

/// The lines below the excerpts.
fn notes(diagnostic: &Diagnostic, positions: &Positions<'_>) -> Vec<String> {
    let step = |label: &Label| {
        let offset = inside(positions.file(label.file).text(), label.range).start;
        let line = positions.position(label.file, offset).line;
        format!("{}:{line}: {}", positions.shown_path(label.file, offset), label.message)
    };
    let chain: Vec<String> = diagnostic.chain.iter().take(RELATED).map(step).collect();
    let chain = (!chain.is_empty()).then(|| note("chain", &chain.join("\n")));
    let help = diagnostic.help.as_ref().map(|help| note("help", help));
    let fix = diagnostic.fix.as_ref().map(|fix| note(fix_word(fix), &fix.title));
    let hidden = diagnostic.related.len().saturating_sub(RELATED);
    let more = (hidden > 0).then(|| format!("note: {hidden} more related places are not shown"));
    chain.into_iter().chain(help).chain(fix).chain(more).collect()
}

/// A note of one or more lines, all but the first indented to stand below the text of the first.
fn note(word: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escaped).collect();
    let indent = " ".repeat(word.len() + ": ".len());
    format!("{word}: {}", lines.join(&format!("\n{indent}")))
}

fn fix_word(fix: &Fix) -> &'static str {
    match fix.applicability {
        Applicability::Safe => "fix",
        Applicability::Unsafe => "unsafe fix",
        Applicability::DisplayOnly => "suggestion",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, Options,
        sample::{Files, error, label, range, written},
    };
    use douane_base::{Change, ChangeKind, TextRange};

    const QUIET: Options = Options { colours: false, quiet: true };

    fn full(files: &[(&str, &str)], diagnostics: &[Diagnostic]) -> String {
        written(&Files::new(files), diagnostics, Format::Full, QUIET)
    }

    #[test]
    fn the_message_the_places_and_what_to_do() {
        let files = Files::new(&[
            ("app/db.py", "import os\n\nfrom app.web import render\n"),
            ("lint.toml", "layers = [\"app.web\", \"app.db\"]\n"),
        ]);
        let mut diagnostic = error(0, files.find(0, "app.web"), "`app.db` imports `app.web`, a higher layer");
        diagnostic.related = vec![
            label(1, files.find(1, "\"app.web\""), "higher"),
            label(1, files.find(1, "\"app.db\""), "lower"),
            label(0, files.find(0, "os"), "this one is allowed"),
        ];
        diagnostic.help = Some("move what both need into `app.db`,\nor invert the call".to_owned());
        let range = files.find(0, "from app.web import render");
        let change = Change { file: FileId(0), kind: ChangeKind::Replace(range, String::new()) };
        diagnostic.fix = Some(Fix {
            title: "Remove the import".to_owned(),
            applicability: Applicability::Unsafe,
            changes: vec![change],
        });
        let expected = "\
error[some-rule]: `app.db` imports `app.web`, a higher layer
  ┌─ app/db.py:3:6
  │
1 │ import os
  │        -- this one is allowed
2 │
3 │ from app.web import render
  │      ^^^^^^^
  │
  ┌─ lint.toml:1:11
  │
1 │ layers = [\"app.web\", \"app.db\"]
  │           ---------  -------- lower
  │           │
  │           higher
  │
  = help: move what both need into `app.db`,
          or invert the call
  = unsafe fix: Remove the import

Found 1 error in 1 of 120 files (118 modules) in 0.04s.
1 fixable with `--fix --unsafe-fixes`.
";
        let options = Options { quiet: false, ..QUIET };
        assert_eq!(written(&files, &[diagnostic], Format::Full, options), expected);
    }

    #[test]
    fn nothing_found_is_one_line() {
        let files = Files::new(&[]);
        let text = |quiet| written(&files, &[], Format::Full, Options { colours: false, quiet });
        assert_eq!(text(false), "No problems found in 120 files (118 modules) in 0.04s.\n");
        assert_eq!(text(true), "");
    }

    #[test]
    fn carets_stand_below_wide_and_accented_characters() {
        let files = [("a.py", "名 = \"é𐐀\"; import os\n")];
        let expected = "\
error[some-rule]: `os` is unused
  ┌─ a.py:1:18
  │
1 │ 名 = \"é𐐀\"; import os
  │                   ^^

";
        let at = Files::new(&files).find(0, "os");
        assert_eq!(full(&files, &[error(0, at, "`os` is unused")]), expected);
    }

    #[test]
    fn a_range_of_several_lines() {
        let files = [("a.py", "from a import (\r\n\tb,\r\n\tc,\r\n)\r\nimport d\r\n")];
        // The last line end belongs to the range, but the line after it does not.
        let mut diagnostic = error(0, range(0, 30), "a problem");
        diagnostic.primary.message = "all of it".to_owned();
        let expected = "\
error[some-rule]: a problem
  ┌─ a.py:1:1
  │
1 │ ╭ from a import (
2 │ │     b,
3 │ │     c,
4 │ │ )
  │ ╰─^ all of it

";
        assert_eq!(full(&files, &[diagnostic]), expected);
    }

    #[test]
    fn a_range_of_many_lines_is_shortened() {
        let text: String = (1..=100_000).map(|number| format!("line_{number}\n")).collect();
        let files = [("a.py", text.as_str())];
        let mut diagnostic = error(0, range(0, text.len()), "a problem");
        diagnostic.related = vec![label(0, Files::new(&files).find(0, "5000"), "in the middle")];
        let expected = "\
error[some-rule]: a problem
       ┌─ a.py:1:1
       │
     1 │ ╭ line_1
     2 │ │ line_2
     3 │ │ line_3
     4 │ │ line_4
       · │
  5000 │ │ line_5000
       │ │      ---- in the middle
       · │
 99999 │ │ line_99999
100000 │ │ line_100000
       │ ╰───────────^

";
        assert_eq!(full(&files, &[diagnostic]), expected);
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        let files = [("a\x1b[2J.py", "\x0c\timport\x1b[31m os # \u{202e}\u{9b}\0\rimport re\n")];
        let mut diagnostic = error(0, Files::new(&files).find(0, "os"), "`\x1b[31m` is\nno name");
        diagnostic.primary.message = "here\r".to_owned();
        diagnostic.help = Some("write\x07 it".to_owned());
        let expected = "\
error[some-rule]: `\\x1b[31m` is\\nno name
  ┌─ a\\x1b[2J.py:1:15
  │
1 │ ␌   import␛[31m os # ��␀
  │                 ^^ here\\r
  │
  = help: write\\x07 it

";
        assert_eq!(full(&files, &[diagnostic]), expected);
    }

    #[test]
    fn ranges_that_do_not_fit_the_file() {
        let files = [("empty.py", ""), ("a.py", "import é")];
        let diagnostics = [
            error(0, TextRange::default(), "an empty file"),
            error(0, range(7, 9), "a file that has become empty"),
            error(1, range(100, 200), "a file that has become shorter"),
            error(1, TextRange::empty(8), "inside a character"),
            error(1, range(0, 8), "until inside a character"),
        ];
        let expected = "\
error[some-rule]: an empty file
  ┌─ empty.py:1:1
  │
1 │
  │ ^

error[some-rule]: a file that has become empty
  ┌─ empty.py:1:1
  │
1 │
  │ ^

error[some-rule]: a file that has become shorter
  ┌─ a.py:1:9
  │
1 │ import é
  │         ^

error[some-rule]: inside a character
  ┌─ a.py:1:8
  │
1 │ import é
  │        ^

error[some-rule]: until inside a character
  ┌─ a.py:1:1
  │
1 │ import é
  │ ^^^^^^^^

";
        assert_eq!(full(&files, &diagnostics), expected);
    }

    #[test]
    fn a_minified_file_is_cut_around_every_label() {
        let line = "import a; ".repeat(1_000_000);
        let files = [("a.py", line.as_str())];
        let mut diagnostic = error(0, range(5_000_007, 5_000_008), "`a` is imported twice");
        diagnostic.related = vec![label(0, range(7, 8), "first here")];
        let text = full(&files, &[diagnostic]);
        // 80 bytes after the first label; then from 40 bytes before the second one, which is in the middle of the
        // 499,997th statement, until 80 bytes after it.
        let first = format!("{}import ", "import a; ".repeat(8));
        let second = format!("a; {}import ", "import a; ".repeat(11));
        let expected = format!(
            "\
error[some-rule]: `a` is imported twice
  ┌─ a.py:1:5000008
  │
1 │ {first}…{second}…
  │ {}-{}^
  │        │
  │        first here

",
            " ".repeat(7),
            " ".repeat(80 + 1 + 40 - 1),
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn thousands_of_diagnostics_in_one_line_are_not_quadratic() {
        let line = "import a; ".repeat(500_000);
        let at = |number: usize| range(number * 1_000 + 7, number * 1_000 + 8);
        let diagnostics: Vec<Diagnostic> = (0..5_000).map(|number| error(0, at(number), "a problem")).collect();
        let text = full(&[("a.py", &line)], &diagnostics);
        assert_eq!(text.matches("error[some-rule]").count(), 5_000);
        assert!(text.contains("┌─ a.py:1:4999008\n"), "the last column is exact");
        assert!(text.len() < 5_000 * 500, "no diagnostic draws more than a window: {}", text.len());
    }

    #[test]
    fn many_labels_are_counted_not_drawn() {
        let files = [("a.py", "import a\n")];
        let mut diagnostic = error(0, range(0, 6), "a problem");
        diagnostic.related = vec![label(0, range(7, 8), "again"); 10_000];
        let text = full(&files, &[diagnostic]);
        assert_eq!(text.matches("again").count(), RELATED);
        assert!(text.ends_with("  = note: 9976 more related places are not shown\n\n"), "{text}");
    }

    #[test]
    fn colours_are_there_when_asked_for() {
        let files = Files::new(&[("a.py", "import a\n")]);
        let text = |colours| {
            written(&files, &[error(0, range(7, 8), "a problem")], Format::Full, Options { colours, quiet: true })
        };
        assert!(!text(false).contains('\x1b'));
        assert!(text(true).contains("\x1b[31m^"), "{:?}", text(true));
    }

    #[test]
    fn any_text_and_any_ranges_can_be_drawn() {
        let pieces = ["import os", "é", "𐐀", "\n", "\r", "\r\n", "\t", " ", "\0", "\x1b", "x = 1; ", "\u{301}", "名\n"];
        // A linear congruential generator: the same texts in every run.
        let mut state: u64 = 7;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        for _ in 0..3_000 {
            let text = |random: &mut dyn FnMut(usize) -> usize| -> String {
                let repeat = [1, 1, 1, 60][random(4)];
                (0..random(30)).map(|_| pieces[random(pieces.len())].repeat(1 + random(repeat))).collect()
            };
            let texts = [text(&mut random), text(&mut random)];
            let files = Files::new(&[("a.py", &texts[0]), ("b.py", &texts[1])]);
            let place = |random: &mut dyn FnMut(usize) -> usize| {
                let file = random(2);
                let start = random(texts[file].len() + 3);
                let length = [0, 1, 3, 40, 2_000][random(5)];
                label(u32::try_from(file).expect("0 or 1"), range(start, start + length), ["", "here"][random(2)])
            };
            let mut diagnostic = error(0, TextRange::default(), "a problem");
            diagnostic.primary = place(&mut random);
            diagnostic.related = (0..random(6)).map(|_| place(&mut random)).collect();
            let positions = Positions::new(&files);
            let mut buffer = Buffer::no_color();
            let drawn = draw(&diagnostic, &positions, &Config::default(), &mut buffer);
            assert!(drawn.is_ok(), "{drawn:?}: {diagnostic:?} in {texts:?}");
            let drawn = String::from_utf8_lossy(buffer.as_slice()).into_owned();
            assert!(drawn.lines().all(|line| !line.contains(char::is_control)), "{drawn:?}");
            // An accent of its own is as wide as nothing, and so is the caret below it.
            let has_accent = texts.concat().contains('\u{301}');
            assert!(has_accent || drawn.contains(['^', '╭']), "{drawn}");
        }
    }
}
