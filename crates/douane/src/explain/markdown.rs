//! The pages of the rules as Markdown files: one a rule, and an index.

use std::{collections::BTreeMap, fmt::Write as _, fs, io, path::Path};

use douane_base::Applicability;
use douane_rules::{Part, RULES, Rule};
use douane_workspace::write_file;

/// The end of every file that is written here, by which those of rules that are gone are known.
const MARK: &str = "\n<!-- Written by `douane explain --all --to`. -->\n";

/// Writes all pages into a folder, and takes out those of rules that are gone. What is up to date is left alone.
pub(super) fn write_all(folder: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: &io::Error| format!("`{}` can't be written: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let pages = pages();
    for (name, text) in &pages {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        write_file(&path, text.as_bytes()).map_err(|error| failed(&path, &error))?;
    }
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))?.flatten() {
        let is_known = entry.file_name().to_str().is_some_and(|name| pages.contains_key(name));
        let is_ours = || fs::read_to_string(entry.path()).is_ok_and(|text| text.ends_with(MARK));
        if !is_known && is_ours() {
            fs::remove_file(entry.path()).map_err(|error| failed(&entry.path(), &error))?;
        }
    }
    Ok(())
}

/// The files by their names.
fn pages() -> BTreeMap<String, String> {
    let page = |rule: &&'static Rule| (format!("{}.md", rule.name), titled(rule) + MARK);
    let mut pages: BTreeMap<String, String> = RULES.iter().map(page).collect();
    pages.insert("index.md".to_owned(), index() + MARK);
    pages
}

fn index() -> String {
    let mut text = "# Rules\n\n`douane explain RULE` shows a page in the terminal.\n\n| rule | what it reports | default | fix | in other tools |\n|---|---|---|---|---|\n".to_owned();
    for rule in RULES {
        let _ = writeln!(
            text,
            "| [{name}]({name}.md) | {} | {} | {} | {} |",
            rule.subject(),
            rule.default.as_str(),
            fix(rule),
            aliases(rule),
            name = rule.name,
        );
    }
    text
}

fn titled(rule: &Rule) -> String {
    let mut text = format!("# {}\n\n| default | fix | in other tools |\n|---|---|---|\n", rule.name);
    let _ = writeln!(text, "| {} | {} | {} |\n", rule.default.as_str(), fix(rule), aliases(rule));
    text + &page(rule)
}

fn fix(rule: &Rule) -> &'static str {
    match rule.fix {
        Some(Applicability::Safe) => "safe where that is sure",
        Some(Applicability::Unsafe) => "unsafe",
        Some(Applicability::DisplayOnly) => "shown only",
        None => "–",
    }
}

fn aliases(rule: &Rule) -> String {
    let aliases: Vec<String> = rule.aliases.iter().map(|alias| format!("`{alias}`")).collect();
    if aliases.is_empty() { "–".to_owned() } else { aliases.join(", ") }
}

/// A rule's page without a title. In the examples, the lines that something is found in are marked.
pub(crate) fn page(rule: &Rule) -> String {
    let mut text = String::new();
    for part in rule.parts() {
        match part {
            Part::Heading(depth, heading) => {
                let _ = writeln!(text, "{} {heading}", "#".repeat(depth));
            }
            Part::Text(line) => {
                let _ = writeln!(text, "{line}");
            }
            Part::File(file) => {
                let numbers: Vec<String> = file.findings.iter().map(usize::to_string).collect();
                let marked =
                    if numbers.is_empty() { String::new() } else { format!(" hl_lines=\"{}\"", numbers.join(" ")) };
                let code: String = file.lines.iter().map(|line| format!("{line}\n")).collect();
                let _ = writeln!(text, "```{}{marked}\n{code}```", file.language);
            }
        }
    }
    text
}
