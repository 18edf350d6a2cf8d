//! Reads and links the program that the arguments name, for the commands that only look at it.

use std::path::PathBuf;

use douane_workspace::{Analysis, Workspace};

use crate::{
    arguments::ProgramArguments,
    outcome::{Outcome, refused},
    progress::Progress,
    terminal,
};

/// The program of these paths; why there is none is printed.
pub(crate) fn analysed(arguments: &ProgramArguments, paths: Vec<PathBuf>) -> Result<Analysis, Outcome> {
    arguments.start_threads();
    let request = arguments.request(paths, None).map_err(|message| {
        terminal::error(&message);
        Outcome::Refused
    })?;
    let workspace = Workspace::open(request).map_err(|failure| refused(failure, false))?;
    let progress = Progress::new(false);
    let analysis = workspace.analyse(&|stage| progress.note(stage));
    progress.finish();
    Ok(analysis)
}
