//! `douane explain`

use std::io::{self, Write};

use douane_rules::{Level, RULES, Rule, find_rule};

use crate::{
    arguments::ExplainArguments,
    outcome::{Outcome, written},
    terminal::{self, Color},
};

pub(crate) fn run(arguments: &ExplainArguments, color: Color) -> Outcome {
    let output = &mut io::stdout().lock();
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
        let summary = rule.summary().replace('\n', " ");
        let summary = summary.trim_start_matches("Checks for ").split(". ").next().unwrap_or_default();
        writeln!(
            output,
            "{:widest$}  {:7}  {}",
            rule.name,
            level_name(rule.default),
            summary.trim_end_matches('.').trim()
        )?;
    }
    Ok(())
}

pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// The page for the terminal: headings stand out, code is indented, and the expectations of the tests are left out.
fn page(rule: &Rule, colours: bool, output: &mut impl Write) -> io::Result<()> {
    let strong = |text: &str| if colours { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
    writeln!(output, "{}", strong(rule.name))?;
    let aliases =
        if rule.aliases.is_empty() { String::new() } else { format!("; also known as {}", rule.aliases.join(", ")) };
    writeln!(output, "default: {}{aliases}\n", level_name(rule.default))?;
    let mut in_code = false;
    for line in rule.documentation.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some(info) = line.strip_prefix("```") {
            in_code = !in_code;
            if let Some((_, path)) = info.split_once(' ').filter(|_| in_code) {
                writeln!(output, "    # {path}")?;
            }
        } else if in_code {
            let code = line.split("# error: [").next().unwrap_or(line).trim_end();
            if !code.is_empty() || line.is_empty() {
                writeln!(output, "{}", format!("    {code}").trim_end())?;
            }
        } else if line.starts_with('#') {
            writeln!(output, "{}", strong(line.trim_start_matches('#').trim_start()))?;
        } else {
            writeln!(output, "{line}")?;
        }
    }
    Ok(())
}
