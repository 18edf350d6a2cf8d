//! `douane check --watch`: the findings again, whenever a file changes.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use douane_reporter::{Format, Options, Report, Summary};
use douane_rules::Selection;
use douane_workspace::{Failure, LiveProgram, Request};
use notify::{Event, RecursiveMode, Watcher, recommended_watcher};

use crate::{
    arguments::CheckArguments,
    check::{Shown, modules, rule_texts},
    outcome::{Outcome, refused},
    terminal,
};

/// Files come in bursts: a run begins when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Checks until it is interrupted, or nobody reads any more.
pub(crate) fn run(arguments: &CheckArguments, request: &Request, selection: &Selection, colours: bool) -> Outcome {
    let mut program = match LiveProgram::open_with(request.clone(), selection) {
        Ok(program) => program,
        Err(failure) => return refused(failure, colours),
    };
    let (sender, events) = channel();
    let told = move |event: notify::Result<Event>| drop(sender.send(event));
    let folder = program.workspace().folder().to_owned();
    let watcher = recommended_watcher(told).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    // The watcher tells as long as it lives.
    let _watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            terminal::error(&format!("{} can't be watched: {error}", folder.display()));
            return Outcome::Refused;
        }
    };
    let mut is_first = true;
    loop {
        let started = Instant::now();
        if (program.update(&|_| ()) || is_first) && show(arguments, &mut program, started, colours).is_err() {
            return Outcome::Clean;
        }
        if is_first && !arguments.is_quiet() {
            terminal::note("watching for changes");
        }
        is_first = false;
        let Some(paths) = changed(&events) else { return Outcome::Clean };
        if paths.iter().any(|path| is_configuration(path)) {
            match LiveProgram::open_with(request.clone(), selection) {
                Ok(opened) => is_first |= std::mem::replace(&mut program, opened).analysis().is_none(),
                Err(failure) => tell(failure, colours),
            }
        }
        paths.iter().for_each(|path| program.touch(path));
    }
}

/// The files that changed next, once it is quiet; none if there is nothing to wait for any more.
fn changed(events: &Receiver<notify::Result<Event>>) -> Option<BTreeSet<PathBuf>> {
    let mut paths = BTreeSet::new();
    let mut take = |event: notify::Result<Event>| {
        if let Some(event) = event.ok().filter(|event| !event.kind.is_access()) {
            paths.extend(event.paths);
        }
    };
    take(events.recv().ok()?);
    while let Ok(event) = events.recv_timeout(QUIET) {
        take(event);
    }
    Some(paths)
}

fn is_configuration(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "lint.toml" || name == "pyproject.toml")
}

/// A configuration that is broken for now; the last good one stays.
fn tell(failure: Failure, colours: bool) {
    let _ = refused(failure, colours);
}

fn show(arguments: &CheckArguments, program: &mut LiveProgram, started: Instant, colours: bool) -> io::Result<()> {
    program.complete(&|| false);
    let Some(analysis) = program.analysis() else { return Ok(()) };
    let mut diagnostics = program.wanted();
    diagnostics.retain(|diagnostic| arguments.min_severity.is_none_or(|least| least.lets_through(diagnostic.severity)));
    if arguments.formats().any(Format::has_fingerprints) {
        analysis.fingerprint(diagnostics.iter_mut());
    }
    let files = Shown::read(analysis, diagnostics.iter());
    let summary = Summary {
        files: analysis.reported_files().count(),
        modules: modules(analysis),
        elapsed: started.elapsed(),
        ..Summary::default()
    };
    let rules = rule_texts();
    let report = Report { diagnostics: &diagnostics, known: &[], files: &files, rules: &rules, summary, prefix: "" };
    let output = &mut io::stdout().lock();
    let options = Options { colours: colours && arguments.output_format == Format::Full, quiet: false };
    douane_reporter::write(&report, arguments.output_format, options, output)?;
    output.flush()
}
