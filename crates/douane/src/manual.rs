//! `douane man`: the manual page, of the command and of all its subcommands.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::arguments::Arguments;

/// Writes the page in roff: `douane man > douane.1`.
pub(crate) fn write(output: &mut impl Write) -> io::Result<()> {
    let mut command = Arguments::command().name("douane");
    command.build();
    Man::new(command.clone()).render(&mut *output)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let title = format!("douane {}", subcommand.get_name()).to_uppercase();
        writeln!(output, ".SH {title}")?;
        let man = Man::new(subcommand.clone().disable_help_flag(true));
        man.render_description_section(output)?;
        man.render_options_section(output)?;
    }
    Ok(())
}
