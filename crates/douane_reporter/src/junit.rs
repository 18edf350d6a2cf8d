//! The format `junit`: what CI services read test results from. Each file is a suite, each finding a case that fails; where
//! nothing is found one case passes, for some services refuse a report without any. They know a case again by its name, which is
//! why that holds a fingerprint and no line.

use std::io::{self, Write};

use crate::{
    Report,
    place::{Place, places},
};

/// Writes the document.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let found: Vec<Place<'_>> = places(report).collect();
    let total = found.len().max(1);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"douane\" tests=\"{total}\" failures=\"{}\" errors=\"0\">", found.len())?;
    if found.is_empty() {
        writeln!(out, "  <testsuite name=\"douane\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">")?;
        writeln!(out, "    <testcase name=\"no findings\" classname=\"douane\" time=\"0\"/>")?;
        writeln!(out, "  </testsuite>")?;
    }
    for file in found.chunk_by(|one, other| one.path == other.path) {
        let [Place { path, .. }, ..] = file else { continue };
        let (path, count) = (escape(path), file.len());
        writeln!(
            out,
            "  <testsuite name=\"{path}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\" skipped=\"0\">"
        )?;
        let class = path.strip_suffix(".py").unwrap_or(&path);
        for Place { diagnostic, start, .. } in file {
            let (rule, message) = (diagnostic.rule, escape(&diagnostic.message));
            let place = format!("{}:{}", start.line, start.column);
            let name = diagnostic.fingerprint.map_or(rule.to_owned(), |fingerprint| format!("{rule} {fingerprint}"));
            writeln!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"0\">")?;
            writeln!(out, "      <failure type=\"{rule}\" message=\"{message}\">{path}:{place}: {message}</failure>")?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// The text as XML 1.0 allows it, in content and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use douane_base::Fingerprint;

    use crate::{
        Format, Options,
        sample::{Files, error, written},
    };

    #[test]
    fn findings_are_cases_that_fail() {
        let files = Files::new(&[("app/a.py", "import os\n")]);
        let found = [error(0, files.find(0, "os"), "`os` & <\"this\">\u{1}")];
        let name = format!("some-rule {}", Fingerprint::of(&["`os` & <\"this\">\u{1}"]));
        assert_eq!(
            written(&files, &found, Format::Junit, Options::default()).replace(&name, "NAME"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"douane\" tests=\"1\" failures=\"1\" errors=\"0\">\n  \
             <testsuite name=\"app/a.py\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n    \
             <testcase name=\"NAME\" classname=\"app/a\" time=\"0\">\n      \
             <failure type=\"some-rule\" message=\"`os` &amp; &lt;&quot;this&quot;&gt;\u{fffd}\">app/a.py:1:8: `os` &amp; \
             &lt;&quot;this&quot;&gt;\u{fffd}</failure>\n    </testcase>\n  </testsuite>\n</testsuites>\n"
        );
        let clean = written(&files, &[], Format::Junit, Options::default());
        assert!(clean.contains("tests=\"1\" failures=\"0\"") && clean.contains("<testcase name=\"no findings\""));
    }
}
