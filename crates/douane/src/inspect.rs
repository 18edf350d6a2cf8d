//! `douane check --show-files` and `--show-settings`

use std::io::{self, Write};

use douane_reporter::escaped;
use douane_rules::Settings;
use douane_workspace::Workspace;

use crate::explain::level_name;

/// The files that findings are wanted of, one a line.
pub(crate) fn show_files(workspace: &Workspace, output: &mut impl Write) -> io::Result<()> {
    workspace.named_files().iter().try_for_each(|path| writeln!(output, "{}", escaped(&path.to_string_lossy())))
}

/// What is in use, as a configuration that would say the same.
pub(crate) fn show_settings(workspace: &Workspace, settings: &Settings, output: &mut impl Write) -> io::Result<()> {
    let configuration = workspace.configuration();
    writeln!(output, "# project: {}", workspace.folder().display())?;
    let file = configuration.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    writeln!(output, "# configuration: {file}")?;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let list = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| quoted(&text)).collect::<Vec<_>>().join(", ");
    writeln!(output, "exclude = [{}]", list(&mut configuration.excluded.iter().cloned()))?;
    writeln!(output, "\n[project]")?;
    writeln!(output, "src = [{}]", list(&mut workspace.source_roots().into_iter()))?;
    writeln!(output, "target-version = {}", quoted(&configuration.version.to_string()))?;
    writeln!(output, "platform = {}", quoted(configuration.platform.as_str()))?;
    match workspace.environment_folder() {
        Some(folder) => writeln!(output, "python = {}", quoted(&folder.display().to_string()))?,
        None => writeln!(output, "# python: no environment is known")?,
    }
    writeln!(output, "\n[rules]")?;
    for (rule, level) in settings.levels() {
        writeln!(output, "{} = {}", rule.name, quoted(level_name(level)))?;
    }
    let others = settings.override_count();
    if others > 0 {
        writeln!(output, "\n# {others} [[overrides]] set other levels for some files")?;
    }
    Ok(())
}
