//! `douane server`

use std::{env, path::Path, process::Command};

use douane_server::{Ended, serve};
use serde_json::Value;

use crate::{arguments::ServerArguments, outcome::Outcome, terminal};

pub(crate) fn run(arguments: &ServerArguments) -> Outcome {
    arguments.program.start_threads();
    let request = match arguments.program.request(Vec::new(), None) {
        Ok(request) => request,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    match serve(request, arguments.client_process_id, measure) {
        Ok(Ended::AsAgreed) => Outcome::Clean,
        // What the protocol asks for.
        Ok(Ended::Abruptly) => Outcome::Findings,
        Err(error) => {
            terminal::error(&error.to_string());
            Outcome::Refused
        }
    }
}

/// Measures a module as `douane cost` does, in a process of its own.
fn measure(folder: &Path, module: &str) -> Result<String, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["cost", "--save", "--output-format", "json", module]).current_dir(folder);
    let output = command.output().map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let target = &report["targets"][0];
    let figure = |key: &str| target[key]["median"].as_f64();
    match (target["modules"].as_u64(), figure("private_bytes"), figure("cpu_ns")) {
        (Some(modules), Some(bytes), Some(time)) => Ok(format!(
            "`{module}` loads {modules} modules: {:.1} MiB of private memory, {:.0} ms",
            bytes / f64::from(1 << 20),
            time / 1e6
        )),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(said.lines().next().unwrap_or("it says nothing").trim_start_matches("error: ").to_owned())
        }
    }
}
