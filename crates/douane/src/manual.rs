//! `douane man`: the manual page of the command and all its subcommands, and one for each of these.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::arguments::Arguments;

/// Writes the page of a subcommand in roff, or that of all: `douane man > douane.1`. False if there is no such subcommand.
pub(crate) fn write(names: &[String], output: &mut impl Write) -> io::Result<bool> {
    let mut command = Arguments::command().name("douane");
    command.build();
    let mut named = &command;
    for name in names {
        let Some(found) = named.find_subcommand(name) else { return Ok(false) };
        named = found;
    }
    if !names.is_empty() {
        return Man::new(named.clone()).render(output).map(|()| true);
    }
    Man::new(command.clone()).render(&mut *output)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let title = format!("douane {}", subcommand.get_name()).to_uppercase();
        writeln!(output, ".SH {title}")?;
        let man = Man::new(subcommand.clone().disable_help_flag(true));
        man.render_description_section(output)?;
        man.render_options_section(output)?;
    }
    Ok(true)
}
