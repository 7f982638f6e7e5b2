//! The project's commands: `cargo xtask up`, `test`, `demo`.

// What a command prints is what it is for.
#![allow(clippy::print_stderr)]

mod check;
mod demo;
mod tools;
mod up;

use std::process::ExitCode;

use chatchat_tests::Failure;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of ChatChat's developers")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole product on this machine until Ctrl-C
    Up {
        /// Where to serve; each port has data of its own
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Start over with empty data
        #[arg(long)]
        fresh: bool,
    },
    /// Checks everything: format, lints, licences, template, unit tests, the local cloud, the whole product
    Test,
    /// Plays a conversation between a customer and a company over real WebSocket connections
    Demo {
        /// A running ChatChat; without it the one of `cargo xtask up`, or else one is started for the time being
        #[arg(long)]
        url: Option<String>,
        /// Measure the time from a send to its push, over 1,000 messages
        #[arg(long)]
        measure: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Up { port, fresh } => up::up(port, fresh).await,
        Command::Test => check::all(),
        Command::Demo { url, measure } => demo::demo(url, measure).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, outermost first.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

/// For errors that are nothing but a sentence.
fn failure(text: impl Into<String>) -> Failure {
    Failure::from(text.into())
}
