//! A rule's page, part by part, without what the tests expect of its examples.

use crate::Rule;

/// A part of a page.
pub enum Part {
    /// A heading, with its depth.
    Heading(usize, &'static str),
    /// A line of text.
    Text(&'static str),
    /// A file of an example.
    File(ExampleFile),
}

/// A file of an example, or a piece of a `lint.toml`.
pub struct ExampleFile {
    /// What it is written in.
    pub language: &'static str,
    /// Its lines; the first is a comment with its path, where the example gives one.
    pub lines: Vec<String>,
    /// The lines that something is found in, from 1.
    pub findings: Vec<usize>,
}

const EXPECTATION: &str = "# error: [";

impl Rule {
    /// The parts of the page.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut lines = self.documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
        while let Some(line) = lines.next() {
            let text = line.trim_start_matches('#');
            if let Some(info) = line.strip_prefix("```") {
                let code = lines.by_ref().take_while(|line| !line.starts_with("```"));
                parts.push(Part::File(example_file(self.name, info, code)));
            } else if text.len() < line.len() {
                parts.push(Part::Heading(line.len() - text.len(), text.trim_start()));
            } else {
                parts.push(Part::Text(line));
            }
        }
        parts
    }

    /// What the rule checks for: the first sentence of its page, without "Checks for" and the full stop.
    #[must_use]
    pub fn subject(&self) -> String {
        let words: Vec<&str> = self.summary().split_whitespace().collect();
        let text = words.join(" ");
        let sentence = text.split(". ").next().unwrap_or_default();
        sentence.trim_start_matches("Checks for ").trim_end_matches('.').to_owned()
    }
}

fn example_file(rule: &str, info: &'static str, code: impl Iterator<Item = &'static str>) -> ExampleFile {
    let (language, path) = info.split_once(' ').map_or((info, None), |(language, path)| (language, Some(path)));
    let lines = path.map(|path| format!("# {path}")).into_iter().collect();
    let mut file = ExampleFile { language, lines, findings: Vec::new() };
    for line in code {
        // The options of an example stand in the table of the rule.
        if language == "toml" && file.lines.is_empty() && !line.starts_with('[') {
            file.lines.push(format!("[rules.{rule}]"));
        }
        match line.split_once(EXPECTATION) {
            None => file.lines.push(line.to_owned()),
            Some((code, _)) if !code.trim().is_empty() => {
                file.lines.push(code.trim_end().to_owned());
                file.findings.push(file.lines.len());
            }
            Some(_) => {}
        }
    }
    file
}
