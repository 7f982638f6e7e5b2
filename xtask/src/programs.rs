//! Runs programs for the commands, and creates their errors and logs.

use std::{process::Command, sync::Arc};

use chatchat_harness::{Failure, build_functions};
use chatchat_local::LogLines;

/// Runs a program and waits until it ends. Its output goes to the terminal.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| failure(format!("{name} cannot be run: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    Err(failure(format!("`{name} {}` failed with {status} (output above)", arguments.join(" "))))
}

/// Prints a line, then builds the functions.
pub fn build() -> Result<(), Failure> {
    eprintln!("Building the functions (the first time takes some minutes)…");
    build_functions().map(drop)
}

/// Returns a log that prints the steps of a start.
pub fn progress() -> LogLines {
    Arc::new(|line: &str| eprintln!("{line}"))
}

/// Creates an error that consists of a message only.
pub fn failure(text: impl Into<String>) -> Failure {
    Failure::from(text.into())
}
