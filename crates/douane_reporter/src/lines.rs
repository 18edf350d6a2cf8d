//! The formats of one line a finding that services read off the output: `github`, `azure` and `pylint`.

use std::io::{self, Write};

use douane_base::Severity;

use crate::{
    Report,
    escape::escaped,
    place::{Place, places},
};

/// [Workflow commands](https://docs.github.com/actions/reference/workflow-commands-for-github-actions), which GitHub
/// shows beside the code. Columns count only where a finding ends on the line that it begins on.
pub(crate) fn write_github(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for Place { diagnostic, path, start, end, .. } in places(report) {
        let kind = diagnostic.severity.as_str();
        let path = report.in_checkout(path);
        let (title, file) = (escape_property(diagnostic.rule), escape_property(&path));
        write!(out, "::{kind} title=douane ({title}),file={file},line={},", start.line)?;
        if start.line == end.line {
            write!(out, "col={},endColumn={},", start.column, end.column)?;
        }
        let message = format!("{path}:{}:{}: {} {}", start.line, start.column, diagnostic.rule, diagnostic.message);
        writeln!(out, "endLine={}::{}", end.line, escape_data(&message))?;
    }
    Ok(())
}

fn escape_data(text: &str) -> String {
    escaped(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// [Logging commands](https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands) of Azure Pipelines.
pub(crate) fn write_azure(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let escape = |text: &str| {
        let text = text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
        escaped(&text.replace(';', "%3B").replace(']', "%5D")).into_owned()
    };
    for Place { diagnostic, path, start, .. } in places(report) {
        let path = report.in_checkout(path);
        let kind = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let path = escape(&path);
        write!(out, "##vso[task.logissue type={kind};sourcepath={path};linenumber={};", start.line)?;
        writeln!(out, "columnnumber={};code={};]{}", start.column, diagnostic.rule, escape(&diagnostic.message))?;
    }
    Ok(())
}

/// What pylint's `parseable` format looks like, which many tools read.
pub(crate) fn write_pylint(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for Place { diagnostic, path, start, .. } in places(report) {
        writeln!(out, "{}:{}: [{}] {}", escaped(&path), start.line, diagnostic.rule, escaped(&diagnostic.message))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use douane_base::Diagnostic;

    use super::*;
    use crate::{
        Format, Options,
        sample::{Files, error, range, written},
    };

    fn shown(format: Format) -> String {
        let files = Files::new(&[("a,\u{1b}b.py", "x = \"é𐐀\"; import os\nfrom m import (\n    a)\n")]);
        let diagnostics = [
            error(0, files.find(0, "os"), "100% `os`:\nunused; really]"),
            Diagnostic { severity: Severity::Warning, ..error(0, range(24, 46), "over lines") },
        ];
        written(&files, &diagnostics, format, Options::default())
    }

    #[test]
    fn github() {
        assert_eq!(
            shown(Format::Github),
            "::error title=douane (some-rule),file=a%2C\\x1bb.py,line=1,col=18,endColumn=20,endLine=1::\
             a,\\x1bb.py:1:18: some-rule 100%25 `os`:%0Aunused; really]\n\
             ::warning title=douane (some-rule),file=a%2C\\x1bb.py,line=2,endLine=3::a,\\x1bb.py:2:1: some-rule over lines\n"
        );
    }

    #[test]
    fn azure() {
        let first = shown(Format::Azure);
        assert_eq!(
            first.lines().next(),
            Some(
                "##vso[task.logissue type=error;sourcepath=a,\\x1bb.py;linenumber=1;columnnumber=18;code=some-rule;]\
                 100%AZP25 `os`:%0Aunused%3B really%5D"
            )
        );
    }

    #[test]
    fn pylint() {
        assert_eq!(
            shown(Format::Pylint),
            "a,\\x1bb.py:1: [some-rule] 100% `os`:\\nunused; really]\na,\\x1bb.py:2: [some-rule] over lines\n"
        );
    }
}
