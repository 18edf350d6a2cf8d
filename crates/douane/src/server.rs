//! `douane server`

use douane_server::{Ended, serve};

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
    match serve(request, arguments.client_process_id) {
        Ok(Ended::AsAgreed) => Outcome::Clean,
        // What the protocol asks for.
        Ok(Ended::Abruptly) => Outcome::Findings,
        Err(error) => {
            terminal::error(&error.to_string());
            Outcome::Refused
        }
    }
}
