//! One run: an interpreter is started, watched and ended.

use std::{
    ffi::OsString,
    fmt,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{Conditions, Target};

const PROBE: &str = include_str!("probe.py");

/// Whether a run tells each load when it begins, which shows what was going on when it crashed, or all of them at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Stream,
    Buffer,
}

/// What one run told.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) start: Option<Start>,
    pub(crate) rows: Vec<Row>,
    pub(crate) done: Option<Done>,
    /// The loads that had begun and not ended, outermost first; known of runs that stream.
    pub(crate) open: Vec<Begin>,
    pub(crate) problem: Option<Problem>,
}

/// Why a run gave no figures, or not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The interpreter can't be started.
    NoInterpreter(PathBuf, String),
    /// It ended before the probe had begun; what it wrote last.
    NoStart(String),
    /// It took longer than it may.
    TimedOut(Duration),
    /// It took more memory than it may, in bytes.
    TooMuchMemory(u64),
    /// The code ended the process: the exit code or signal, in words.
    Ended(String),
    /// The code raised an exception or left with `sys.exit`.
    Raised(String),
    /// Somebody interrupted the measurement.
    Interrupted,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInterpreter(path, why) => write!(formatter, "`{}` can't be started: {why}", path.display()),
            Self::NoStart(told) if told.is_empty() => write!(formatter, "the interpreter ended at once"),
            Self::NoStart(told) => write!(formatter, "the interpreter ended at once: {told}"),
            Self::TimedOut(limit) => write!(formatter, "it took longer than {} s", limit.as_secs_f64()),
            Self::TooMuchMemory(limit) => write!(formatter, "it took more than {} MiB of memory", limit >> 20),
            Self::Ended(how) => write!(formatter, "the process ended: {how}"),
            Self::Raised(what) => write!(formatter, "it raised {what}"),
            Self::Interrupted => write!(formatter, "interrupted"),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Start {
    #[serde(rename = "start")]
    pub(crate) version: String,
    pub(crate) executable: String,
    /// Bytes of a page.
    pub(crate) page: i64,
    /// Whether memory can be read on this platform.
    pub(crate) memory: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Begin {
    pub(crate) begin: u32,
    pub(crate) module: String,
    pub(crate) importer: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: u32,
}

/// One load.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) row: i64,
    pub(crate) module: String,
    pub(crate) parent: i64,
    pub(crate) importer: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: u32,
    pub(crate) function: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) ns: i64,
    pub(crate) inside_ns: i64,
    pub(crate) gc_ns: i64,
    pub(crate) pages: i64,
    pub(crate) inside_pages: i64,
    pub(crate) loaded: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    pub(crate) wall_ns: i64,
    pub(crate) cpu_ns: i64,
    pub(crate) gc_ns: i64,
    /// Bytes, as the kernel sums them up; -1 where it does not.
    pub(crate) private: i64,
    pub(crate) mapped: i64,
    pub(crate) failure: Option<String>,
    pub(crate) threads: u32,
    /// The names that `sys.modules` has gained.
    pub(crate) new: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Done {
        #[serde(rename = "done")]
        _done: bool,
        #[serde(flatten)]
        done: Done,
    },
    Row(Row),
    Begin(Begin),
    End {
        end: u32,
    },
    Start(Start),
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From here on an interrupt ends the run that is going on, and with it the measurement.
fn listen_for_interrupts() {
    static ONCE: Once = Once::new();
    // Where no handler can be set the default ends the program.
    ONCE.call_once(|| drop(ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))));
}

/// Runs a target once.
pub(crate) fn run(target: &Target, mode: Mode, conditions: &Conditions) -> Run {
    let (kind, text) = target.words();
    let mode = if mode == Mode::Stream { "stream" } else { "buffer" };
    let folder = target.folder.clone().unwrap_or_default();
    let words = [mode.into(), kind.into(), text.into(), folder.into_os_string(), conditions.processor().into()];
    let mut run = Run::default();
    let ending = execute(PROBE, &words, conditions, &mut |line| {
        note(line, &mut run);
        run.done.is_some()
    });
    run.problem = match ending {
        Ok(_) if run.done.is_some() => run.done.as_ref().and_then(|done| done.failure.clone()).map(Problem::Raised),
        Ok(ending) if run.start.is_some() => Some(Problem::Ended(described(ending.status))),
        Ok(ending) => Some(Problem::NoStart(ending.last_words())),
        Err(problem) => Some(problem),
    };
    run
}

/// How a process ended of its own accord.
pub(crate) struct Ending {
    status: ExitStatus,
    errors: Receiver<String>,
}

impl Ending {
    /// The last line that it wrote to standard error.
    pub(crate) fn last_words(&self) -> String {
        self.errors.recv_timeout(Duration::from_secs(1)).unwrap_or_default()
    }
}

/// Starts the interpreter with a program, and hands on each line that it writes until it is over or has said all it has to
/// say. Nothing that it started is left.
pub(crate) fn execute(
    program: &str,
    words: &[OsString],
    conditions: &Conditions,
    is_last: &mut dyn FnMut(&str) -> bool,
) -> Result<Ending, Problem> {
    listen_for_interrupts();
    let mut command = Command::new(&conditions.python);
    command.arg("-c").arg(program).args(words);
    command.current_dir(&conditions.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    conditions.apply(&mut command);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child =
        command.spawn().map_err(|error| Problem::NoInterpreter(conditions.python.clone(), error.to_string()))?;
    let (sender, lines) = mpsc::channel();
    let errors = watch_output(&mut child, sender);
    let status = follow(&mut child, &lines, conditions, is_last);
    end(&mut child);
    status.map(|status| Ending { status, errors })
}

/// Hands on what the probe tells, and the last line that the target writes to standard error.
fn watch_output(child: &mut Child, sender: Sender<String>) -> Receiver<String> {
    let (told, errors) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            // What is no line of the probe is noise of the target.
            for line in BufReader::new(output).split(b'\n').map_while(io::Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    if let Some(mut output) = child.stderr.take() {
        thread::spawn(move || {
            const KEPT: usize = 4096;
            let (mut last, mut part) = (Vec::new(), [0; 4096]);
            while let Ok(count @ 1..) = output.read(&mut part) {
                last.extend_from_slice(&part[..count]);
                let surplus = last.len().saturating_sub(KEPT);
                last.drain(..surplus);
            }
            let text = String::from_utf8_lossy(&last).trim_end().lines().last().unwrap_or_default().to_owned();
            // Nobody may be asking any more.
            let _ = told.send(text);
        });
    }
    errors
}

/// Reads lines until the process is over, or has to be.
fn follow(
    child: &mut Child,
    lines: &Receiver<String>,
    conditions: &Conditions,
    is_last: &mut dyn FnMut(&str) -> bool,
) -> Result<ExitStatus, Problem> {
    const PAUSE: Duration = Duration::from_millis(10);
    /// What was written before the process ended is read that much longer.
    const LATE: Duration = Duration::from_millis(500);
    let started = Instant::now();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut looked = Instant::now();
    let mut is_told = false;
    loop {
        let is_over = match lines.recv_timeout(PAUSE) {
            Ok(line) => {
                is_told |= is_last(&line);
                false
            }
            Err(RecvTimeoutError::Timeout) => ended.is_some_and(|(_, at)| at.elapsed() > LATE),
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(Duration::from_millis(1));
                ended.is_some()
            }
        };
        if let Some((status, _)) = ended.filter(|_| is_over || is_told) {
            return Ok(status);
        }
        if looked.elapsed() < PAUSE && !is_told {
            continue;
        }
        looked = Instant::now();
        if ended.is_none() {
            ended = child.try_wait().ok().flatten().map(|status| (status, Instant::now()));
        }
        if INTERRUPTED.load(Ordering::SeqCst) {
            return Err(Problem::Interrupted);
        }
        if started.elapsed() > conditions.timeout {
            return Err(Problem::TimedOut(conditions.timeout));
        }
        if resident(child.id()).is_some_and(|bytes| bytes > conditions.memory) {
            return Err(Problem::TooMuchMemory(conditions.memory));
        }
    }
}

fn note(line: &str, run: &mut Run) {
    match serde_json::from_str::<Event>(line) {
        Ok(Event::Start(start)) => run.start = Some(start),
        Ok(Event::Begin(begin)) => run.open.push(begin),
        Ok(Event::End { end }) => run.open.retain(|open| open.begin != end),
        Ok(Event::Row(row)) => run.rows.push(row),
        Ok(Event::Done { done, .. }) => run.done = Some(done),
        Err(_) => {}
    }
}

/// Ends the process and all that it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The group is gone if all of its processes are.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn described(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            6 => "aborted (SIGABRT)".to_owned(),
            9 => "killed (SIGKILL)".to_owned(),
            11 => "segmentation fault (SIGSEGV)".to_owned(),
            other => format!("by signal {other}"),
        };
    }
    status.code().map_or_else(|| "nobody knows how".to_owned(), |code| format!("with exit code {code}"))
}

/// The resident memory of a process in bytes.
fn resident(process: u32) -> Option<u64> {
    const PAGE: u64 = 4096;
    let text = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}
