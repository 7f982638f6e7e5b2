//! The project's commands: `cargo xtask up`, `test`, `demo`.

// What a command prints is what it is for.
#![allow(clippy::print_stderr)]

mod bench;
mod check;
mod cost;
mod demo;
mod deploy;
mod fuzz;
mod notes;
mod pictures;
mod released;
mod smoke;
mod soak;
mod tools;
mod up;

use std::{
    process::{self, ExitCode},
    sync::Arc,
};

use chatchat_domain::causes;
use chatchat_local::LogLines;
use chatchat_tests::{Failure, build_functions};
use clap::{Parser, Subcommand};
use deploy::package::Processor;

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
        /// Fill empty data with three companies, three customers and their conversations, and print the logins
        #[arg(long)]
        example: bool,
        /// Put PgBouncer between the functions and PostgreSQL, in transaction mode
        #[arg(long)]
        pooled: bool,
    },
    /// Checks everything: format, lints, licences, template, unit tests, the local cloud, the whole product
    Test {
        /// Only format, lints and unit tests
        #[arg(long)]
        quick: bool,
    },
    /// Measures, and prints figures and ratios taken in one run
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Sends generated requests, right and wrong ones, to every route, and holds the answers against `infra/openapi.yaml`
    Fuzz {
        /// To send the same requests again; another one each time without it
        #[arg(long)]
        seed: Option<u32>,
        /// How many requests to generate for each route and caller; a caller's have to be done in 30 minutes
        #[arg(long, default_value_t = fuzz::EXAMPLES)]
        examples: u32,
    },
    /// Has many clients talk while things go wrong, and checks everything that they observed
    Soak(soak::What),
    /// Plays a conversation between a customer and a company over real WebSocket connections
    Demo {
        /// A running ChatChat; without it the one of `cargo xtask up`, or else one is started for the time being
        #[arg(long)]
        url: Option<String>,
        /// Measure the time from a send to its push, over 1,000 messages
        #[arg(long)]
        measure: bool,
    },
    /// Takes the pictures in `docs/pictures` anew, of the apps with the example in them; needs npm and Chromium
    Pictures,
    /// Prints what a month on AWS costs, each way to run it
    Cost {
        /// How many messages people send
        #[arg(long, default_value_t = 1000)]
        messages_per_day: u32,
        /// How many connections are open at a time, day and night
        #[arg(long, default_value_t = 20)]
        connections: u32,
    },
    /// Builds the functions for Lambda into `target/lambda` and the pages into `web/dist`, and prints how large the functions are
    Package {
        /// For x86-64 instead of arm64, such as to run them here: `FUNCTIONS=target/lambda cargo test -p chatchat-tests --test system`
        #[arg(long)]
        x86_64: bool,
    },
    /// Brings a stage on AWS up to date, talks over it, and takes it back to what it was if that fails
    Deploy {
        /// Such as `dev`: its stack is `chatchat-dev`, its settings stand in `infra/samconfig.toml`
        #[arg(long)]
        stage: String,
        /// Parameters of the template instead of those in the settings: `Name=value`, with spaces between
        #[arg(long, default_value = "")]
        parameters: String,
        /// Deploy what `cargo xtask package` has built
        #[arg(long)]
        built: bool,
    },
    /// Signs up, connects and sends at a running ChatChat, and withdraws
    Smoke {
        /// Its origin
        #[arg(long, default_value = demo::USUAL)]
        url: String,
    },
    /// Checks that the newest release works on the schema of this commit
    Released {
        /// A commit to take for the newest release
        #[arg(long)]
        base: Option<String>,
    },
    /// Prints what the changelog says of the version here
    Notes {
        /// The release's tag, such as `v0.1.0`
        tag: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Up { port, fresh, example, pooled } => up::up(port, fresh, example, pooled).await,
        Command::Test { quick: true } => check::quick(),
        Command::Test { quick: false } => check::all(),
        Command::Bench { what } => bench::bench(what).await,
        Command::Fuzz { seed, examples } => fuzz::fuzz(seed, examples).await,
        Command::Soak(what) => soak::soak(what).await,
        Command::Demo { url, measure } => demo::demo(url, measure).await,
        Command::Pictures => pictures::pictures().await,
        Command::Cost { messages_per_day, connections } => cost::cost(messages_per_day, connections),
        Command::Package { x86_64 } => {
            deploy::package::package(if x86_64 { Processor::X86_64 } else { Processor::Arm64 })
        }
        Command::Deploy { stage, parameters, built } => deploy::deploy(&stage, built, &parameters).await,
        Command::Smoke { url } => smoke::smoke(&url).await,
        Command::Released { base } => released::released(base),
        Command::Notes { tag } => notes::notes(&tag),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Runs a program to its end; it prints for itself.
fn run(command: &mut process::Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| failure(format!("{name} cannot be run: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    Err(failure(format!("`{name} {}` failed with {status} (output above)", arguments.join(" "))))
}

/// Builds the functions, and says so.
fn build() -> Result<(), Failure> {
    eprintln!("Building the functions (the first time takes some minutes)…");
    build_functions().map(drop)
}

/// Prints the steps of a start.
fn progress() -> LogLines {
    Arc::new(|line: &str| eprintln!("{line}"))
}

/// For errors that are nothing but a sentence.
fn failure(text: impl Into<String>) -> Failure {
    Failure::from(text.into())
}
