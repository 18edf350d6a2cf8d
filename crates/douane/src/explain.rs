//! `douane explain`

mod markdown;

use std::io::{self, Write};

use douane_rules::{Part, RULES, Rule, find_rule};

pub(crate) use self::markdown::page as markdown_page;
use crate::{
    arguments::ExplainArguments,
    outcome::{Outcome, written},
    terminal::{self, Color},
};

pub(crate) fn run(arguments: &ExplainArguments, color: Color) -> Outcome {
    let output = &mut io::stdout().lock();
    if let Some(folder) = &arguments.to {
        return match markdown::write_all(folder) {
            Ok(()) => Outcome::Clean,
            Err(message) => {
                terminal::error(&message);
                Outcome::Refused
            }
        };
    }
    let Some(name) = &arguments.rule else { return written(list(output), Outcome::Clean) };
    let Some(rule) = find_rule(name) else {
        let nearest =
            douane_rules::nearest_rule(name).map_or(String::new(), |rule| format!("; did you mean `{rule}`?"));
        terminal::error(&format!("unknown rule `{name}`{nearest}"));
        return Outcome::Refused;
    };
    let colours = color.is_on(&io::stdout());
    written(page(rule, colours, output), Outcome::Clean)
}

fn list(output: &mut impl Write) -> io::Result<()> {
    let widest = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in RULES {
        writeln!(output, "{:widest$}  {:7}  {}", rule.name, rule.default.as_str(), rule.subject())?;
    }
    Ok(())
}

/// The page for the terminal: headings stand out, and code is indented.
fn page(rule: &Rule, colours: bool, output: &mut impl Write) -> io::Result<()> {
    let strong = |text: &str| if colours { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
    writeln!(output, "{}", strong(rule.name))?;
    let aliases =
        if rule.aliases.is_empty() { String::new() } else { format!("; also known as {}", rule.aliases.join(", ")) };
    writeln!(output, "default: {}{aliases}\n", rule.default.as_str())?;
    for part in rule.parts() {
        match part {
            Part::Heading(_, text) => writeln!(output, "{}", strong(text))?,
            Part::Text(text) => writeln!(output, "{}", without_links(text))?,
            Part::File(file) => {
                for line in file.lines {
                    writeln!(output, "{}", format!("    {line}").trim_end())?;
                }
            }
        }
    }
    Ok(())
}

/// A line with its links as a terminal shows them: what they are called, and behind it the address, unless that is only
/// another page of the documentation.
fn without_links(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, name, address, behind)) = first_link(rest) {
        text += before;
        text += name;
        if address.contains("://") {
            text += &format!(" <{address}>");
        }
        rest = behind;
    }
    text + rest
}

/// What stands before the first `[name](address)`, its two parts, and what stands behind it.
fn first_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, behind) = text.split_once("](")?;
    let (address, behind) = behind.split_once(')')?;
    let (before, name) = before.rsplit_once('[')?;
    Some((before, name, address, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_shown_as_text() {
        assert_eq!(without_links("see [`a`](../a.md), [b](b.md#c)."), "see `a`, b.");
        assert_eq!(without_links("([PEP 1](https://x.org/1/), x[0])"), "(PEP 1 <https://x.org/1/>, x[0])");
        assert_eq!(without_links("f(x[0], [1])"), "f(x[0], [1])");
    }

    #[test]
    fn no_page_shows_markdown() {
        for rule in RULES {
            let mut shown = Vec::new();
            page(rule, false, &mut shown).expect("a vector takes everything");
            let shown = String::from_utf8(shown).expect("it is text");
            let code = |line: &&str| line.starts_with("    ");
            for line in shown.lines().filter(|line| !code(line)) {
                let is_markdown = line.contains("](") || line.contains("**") || line.starts_with("| ");
                assert!(!is_markdown, "{}: {line}", rule.name);
            }
        }
    }
}
