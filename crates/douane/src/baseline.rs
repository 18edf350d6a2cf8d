//! `douane baseline`

use std::io;

use douane_rules::{Selection, Settings};
use douane_workspace::{BASELINE, Baseline, Workspace};

use crate::{
    arguments::{BaselineAction, BaselineArguments},
    outcome::{Outcome, refused},
    terminal::{self, Color},
};

pub(crate) fn run(arguments: &BaselineArguments, color: Color) -> Outcome {
    arguments.program.start_threads();
    let request = match arguments.program.request(Vec::new(), None) {
        Ok(request) => request,
        Err(message) => return refuse(&message),
    };
    let mut workspace = match Workspace::open(request) {
        Ok(workspace) => workspace,
        Err(failure) => return refused(failure, color.is_on(&io::stderr())),
    };
    workspace.warnings().iter().for_each(|warning| terminal::warning(warning));
    let Some(path) = workspace.baseline_path() else {
        return refuse("a baseline belongs to a project: leave `--isolated` out");
    };
    // What is written anew need not be readable.
    let known = match arguments.action {
        BaselineAction::Write => None,
        BaselineAction::Update | BaselineAction::Prune => match Baseline::read(&path) {
            Ok(known) => known,
            Err(message) => return refuse(&message),
        },
    };
    let settings = Settings::new(workspace.take_rules(), &Selection::default());
    let analysis = workspace.analyse(&|_| {});
    let now = Baseline::of(&analysis, &analysis.check(&settings));
    let new = match (arguments.action, known) {
        (BaselineAction::Write, _) | (BaselineAction::Update, Some(_)) => now,
        (BaselineAction::Prune, Some(known)) => known.shared(&now),
        (BaselineAction::Update | BaselineAction::Prune, None) => {
            return refuse(&format!("there is no {BASELINE}; `douane baseline write` makes one"));
        }
    };
    match new.write(&path) {
        Ok(()) => {
            let plural = if new.count() == 1 { "" } else { "s" };
            terminal::note(&format!("{BASELINE} holds {} finding{plural}", new.count()));
            Outcome::Clean
        }
        Err(message) => refuse(&message),
    }
}

fn refuse(message: &str) -> Outcome {
    terminal::error(message);
    Outcome::Refused
}
