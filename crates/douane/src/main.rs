//! The command line: arguments in, exit code out.
//!
//! Exit codes: 0 nothing found, 1 findings, 2 wrong usage, configuration or an internal error, 130 interrupted. One file a subcommand.

mod arguments;
mod baseline;
mod check;
mod codes;
mod cost;
mod differences;
mod explain;
mod graph;
mod init;
mod inspect;
mod manual;
mod module;
mod outcome;
mod program;
mod progress;
mod server;
mod terminal;
mod watch;

use std::{io::Write, process::ExitCode, thread};

use arguments::{Arguments, Command, VersionFormat};
use clap::CommandFactory;
use outcome::Outcome;

/// Reading files in parallel makes many small values, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// For each thread. The collector's stack grows with the tree; the parser's does not everywhere. Only what is used is taken.
const STACK: usize = 64 * 1024 * 1024;

fn main() -> ExitCode {
    let arguments = arguments::parse();
    let main = thread::Builder::new().stack_size(STACK).spawn(move || run(&arguments));
    // A bug must not look like "no findings" or "findings" to whoever reads the exit code.
    let outcome = main.map_or(Outcome::InternalError, |main| main.join().unwrap_or(Outcome::InternalError));
    outcome.exit_code()
}

fn run(arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Check(check) => check::run(check, arguments.color),
        Command::Baseline(baseline) => baseline::run(baseline, arguments.color),
        Command::Init => init::run(),
        Command::Explain(explain) => explain::run(explain, arguments.color),
        Command::Module(module) => module::run(module),
        Command::Graph(graph) => graph::run(graph),
        Command::Cost(cost) => cost::run(cost, arguments.color),
        Command::Server(server) => server::run(server),
        Command::Schema => {
            let schema = serde_json::to_string_pretty(&douane_workspace::configuration_schema()).unwrap_or_default();
            outcome::written(writeln!(std::io::stdout(), "{schema}"), Outcome::Clean)
        }
        Command::Man { names } => match manual::write(names, &mut std::io::stdout().lock()) {
            Ok(false) => {
                terminal::error(&format!("there is no subcommand `{}`", names.join(" ")));
                Outcome::Refused
            }
            result => outcome::written(result.map(drop), Outcome::Clean),
        },
        Command::Version { output_format } => {
            let version = env!("CARGO_PKG_VERSION");
            let text = match output_format {
                VersionFormat::Text => format!("douane {version}"),
                VersionFormat::Json => serde_json::json!({"version": version}).to_string(),
            };
            outcome::written(writeln!(std::io::stdout(), "{text}"), Outcome::Clean)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "douane", &mut script);
            outcome::written(std::io::stdout().write_all(&script), Outcome::Clean)
        }
    }
}
