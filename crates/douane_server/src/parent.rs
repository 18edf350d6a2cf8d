//! Ends the server when the process that started it is gone.

use std::{thread, time::Duration};

/// Watches a process. A client that crashes can't tell its server to stop.
pub(crate) fn end_with(process: i32) {
    const INTERVAL: Duration = Duration::from_secs(2);
    let watch = move || {
        while is_alive(process) {
            thread::sleep(INTERVAL);
        }
        std::process::exit(1);
    };
    // Without it the server ends when its input does.
    let _ = thread::Builder::new().name("parent".to_owned()).spawn(watch);
}

#[cfg(unix)]
fn is_alive(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else { return true };
    rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}
