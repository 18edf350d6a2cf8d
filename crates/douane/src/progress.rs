//! A progress bar for what takes longer than a second, on a terminal only.

use std::{
    env,
    io::{self, IsTerminal},
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use douane_workspace::Stage;
use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far an analysis is.
pub(crate) struct Progress {
    started: Instant,
    is_shown: bool,
    bar: OnceLock<ProgressBar>,
    /// When each stage started.
    stages: Mutex<Vec<(&'static str, Instant)>>,
}

impl Progress {
    pub(crate) fn new(is_quiet: bool) -> Self {
        // Hooks run on a terminal of their own, whose output is kept.
        let is_hook = ["PRE_COMMIT", "GIT_INDEX_FILE"].iter().any(|name| env::var_os(name).is_some());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_shown = !is_quiet && !is_hook && !is_dumb && io::stderr().is_terminal();
        Self { started: Instant::now(), is_shown, bar: OnceLock::new(), stages: Mutex::default() }
    }

    /// Takes note of a stage; cheap enough to be called for each file.
    pub(crate) fn note(&self, stage: Stage) {
        const PATIENCE: Duration = Duration::from_secs(1);
        match stage {
            Stage::Discover => self.start("discover"),
            Stage::Read(1, _) => self.start("read"),
            Stage::Read(..) => {}
            Stage::Link => self.start("link"),
        }
        if !self.is_shown || (self.bar.get().is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        match stage {
            Stage::Discover => bar.set_message("Looking for files"),
            Stage::Read(done, total) => {
                bar.set_message("Reading");
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            }
            Stage::Link => bar.set_message("Linking"),
        }
    }

    /// Takes note of a stage of the command itself.
    pub(crate) fn start(&self, stage: &'static str) {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).push((stage, Instant::now()));
    }

    /// How long each stage took: `discover 0.01s, read 0.21s, …`.
    pub(crate) fn timings(&self) -> String {
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = stages.iter().skip(1).map(|(_, start)| *start).chain([Instant::now()]);
        let timings = stages
            .iter()
            .zip(ends)
            .map(|((stage, start), end)| format!("{stage} {:.3}s", end.duration_since(*start).as_secs_f64()));
        timings.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
