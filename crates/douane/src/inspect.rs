//! `douane check --show-files` and `--show-settings`

use std::io::{self, Write};

use douane_reporter::escaped;
use douane_rules::{InUse, Settings};
use douane_workspace::Workspace;

/// The files that findings are wanted of, one a line.
pub(crate) fn show_files(workspace: &Workspace, output: &mut impl Write) -> io::Result<()> {
    workspace.named_files().iter().try_for_each(|path| writeln!(output, "{}", escaped(&path.to_string_lossy())))
}

/// What is in use, as a configuration that would say the same.
pub(crate) fn show_settings(workspace: &Workspace, settings: &Settings, output: &mut impl Write) -> io::Result<()> {
    let configuration = workspace.configuration();
    writeln!(output, "# project: {}", escaped(&workspace.folder().to_string_lossy()))?;
    let file = configuration.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    writeln!(output, "# configuration: {}", escaped(&file))?;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let list = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| quoted(&text)).collect::<Vec<_>>().join(", ");
    writeln!(output, "exclude = [{}]", list(&mut configuration.excluded.iter().cloned()))?;
    writeln!(output, "\n[project]")?;
    writeln!(output, "src = [{}]", list(&mut workspace.source_roots().into_iter()))?;
    writeln!(output, "target-version = {}", quoted(&workspace.target_version().to_string()))?;
    writeln!(output, "platform = {}", quoted(configuration.platform.as_str()))?;
    match workspace.environment_folder() {
        Some(folder) => writeln!(output, "python = {}", quoted(&folder.display().to_string()))?,
        None => writeln!(output, "# python: no environment is known")?,
    }
    writeln!(output, "\n[rules]")?;
    let (plain, with_options): (Vec<InUse>, Vec<InUse>) = settings.in_use().partition(|rule| rule.options.is_empty());
    // A level that nobody chose stays one: some findings are errors then, whatever the rest of the rule is.
    let comment = |rule: &InUse| if rule.is_chosen { "" } else { "# " };
    for rule in &plain {
        writeln!(output, "{}{} = {}", comment(rule), rule.rule.name, quoted(rule.level.as_str()))?;
    }
    for rule in &with_options {
        writeln!(output, "\n[rules.{}]", rule.rule.name)?;
        writeln!(output, "{}severity = {}", comment(rule), quoted(rule.level.as_str()))?;
        rule.options.iter().try_for_each(|(option, value)| writeln!(output, "{option} = {value}"))?;
    }
    for (globs, levels) in settings.levels_of_files() {
        writeln!(output, "\n[[overrides]]\npaths = [{}]", list(&mut globs.iter().cloned()))?;
        let levels = levels.iter().map(|(rule, level)| format!("{rule} = {}", quoted(level.as_str())));
        writeln!(output, "rules = {{ {} }}", levels.collect::<Vec<_>>().join(", "))?;
    }
    for budget in &configuration.budgets {
        writeln!(output, "\n[[cost.budgets]]")?;
        budget.to_toml().iter().try_for_each(|(key, value)| writeln!(output, "{key} = {value}"))?;
    }
    Ok(())
}
