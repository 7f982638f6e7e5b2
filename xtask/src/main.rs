//! The developers' commands: `cargo xtask`, in three groups (daily work, measuring, shipping).

// The commands print to the terminal.
#![allow(clippy::print_stderr)]

mod audit;
mod bench;
mod check;
mod cost;
mod demo;
mod deploy;
mod fuzz;
mod notes;
mod pictures;
mod programs;
mod released;
mod smoke;
mod soak;
mod tools;
mod up;

use std::{fmt::Write, process::ExitCode};

use chatchat_domain::causes;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use deploy::package::Processor;
use programs::{build, failure, progress, run};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Commands for ChatChat's developers")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The groups in which the help lists the commands.
const GROUPS: [(&str, &[&str]); 3] = [
    ("Daily work", &["up", "test", "demo", "pictures"]),
    ("Measuring", &["bench", "soak", "fuzz", "cost"]),
    ("Shipping", &["package", "deploy", "smoke", "released", "notes"]),
];

#[derive(Subcommand)]
enum Command {
    /// Runs the whole product on this machine until Ctrl-C
    Up {
        /// The port to serve on; each port has its own data
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Delete the data of this port and start with empty data
        #[arg(long)]
        fresh: bool,
        /// If the data are empty, add three companies, three customers and their conversations;
        /// print the logins
        #[arg(long)]
        example: bool,
        /// Put PgBouncer between the functions and PostgreSQL, in transaction mode
        #[arg(long)]
        pooled: bool,
    },
    /// Runs all checks: format, lints, licences, templates, unit tests, local cloud, whole product
    Test {
        /// Run only this part; CI runs each part as a separate job
        part: Option<check::Part>,
        /// Check only format, lints and unit tests
        #[arg(long, conflicts_with = "part")]
        quick: bool,
    },
    /// Runs one benchmark and prints its measurements
    Bench {
        #[command(subcommand)]
        benchmark: bench::Benchmark,
    },
    /// Sends generated valid and invalid requests to every route; checks the responses against
    /// `infra/openapi.yaml`
    Fuzz {
        /// The seed of the generator, to send the same requests again; random by default
        #[arg(long)]
        seed: Option<u32>,
        /// How many requests to generate for each route and caller; the requests of one caller must
        /// finish in 30 minutes
        #[arg(long, default_value_t = fuzz::DEFAULT_EXAMPLES)]
        examples: u32,
    },
    /// Lets many clients exchange messages while faults are injected; checks all that they observed
    Soak(soak::Options),
    /// Plays a conversation between a customer and a company over real WebSocket connections
    Demo {
        /// The URL of a running ChatChat; by default that of `cargo xtask up`. If nothing runs
        /// there, a temporary ChatChat is started
        #[arg(long)]
        url: Option<String>,
        /// Measure the time from a send to its push, over 1,000 messages
        #[arg(long)]
        measure: bool,
    },
    /// Takes the screenshots in `docs/pictures` again, with the example data; needs npm and
    /// Chromium
    Pictures,
    /// Prints an estimate of the monthly cost on AWS for each way to run ChatChat
    Cost {
        /// How many messages people send per day
        #[arg(long, default_value_t = 1000)]
        messages_per_day: u32,
        /// How many connections are open on average
        #[arg(long, default_value_t = 20)]
        connections: u32,
        /// How many stages run in the account; only one of them has the load
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
        stages: u32,
    },
    /// Builds the functions for Lambda (`target/lambda`) and the pages (`web/dist`); prints the
    /// functions' sizes
    Package {
        /// Build for x86-64 instead of arm64, for example to test the programs on this machine:
        /// `FUNCTIONS=target/lambda cargo test -p chatchat-tests --test system`
        #[arg(long)]
        x86_64: bool,
    },
    /// Deploys a stage to AWS and runs the smoke test; restores the previous version if that fails
    Deploy {
        /// The stage, for example `dev`: the stack is `chatchat-dev`, the settings are in
        /// `infra/samconfig.toml`
        #[arg(long)]
        stage: String,
        /// Template parameters that replace those in the settings: `Name=value`, separated by
        /// spaces
        #[arg(long, default_value = "")]
        parameters: String,
        /// Deploy what `cargo xtask package` built, without building again
        #[arg(long)]
        built: bool,
    },
    /// Signs up two accounts at a running ChatChat, exchanges messages, and withdraws both
    Smoke {
        /// The origin of the running ChatChat
        #[arg(long, default_value = demo::DEFAULT_URL)]
        url: String,
    },
    /// Checks that the newest release works on the schema of this commit
    Released {
        /// A commit to use in place of the newest release
        #[arg(long)]
        base: Option<String>,
    },
    /// Prints the changelog's section for the current version
    Notes {
        /// The release's tag, such as `v0.1.0`
        tag: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::from_arg_matches(&command_line().get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let result = match arguments.command {
        Command::Up { port, fresh, example, pooled } => up::up(port, fresh, example, pooled).await,
        Command::Test { quick: true, .. } => check::quick(),
        Command::Test { part, quick: false } => check::checks(part),
        Command::Bench { benchmark } => bench::bench(benchmark).await,
        Command::Fuzz { seed, examples } => fuzz::fuzz(seed, examples).await,
        Command::Soak(options) => soak::soak(options).await,
        Command::Demo { url, measure } => demo::demo(url, measure).await,
        Command::Pictures => pictures::pictures().await,
        Command::Cost { messages_per_day, connections, stages } => {
            cost::cost(messages_per_day, connections, stages)
        }
        Command::Package { x86_64 } => {
            deploy::package::package(if x86_64 { Processor::X86_64 } else { Processor::Arm64 })
        }
        Command::Deploy { stage, parameters, built } => deploy::deploy(&stage, built, &parameters).await,
        Command::Smoke { url } => smoke::smoke(&url).await,
        Command::Released { base } => released::released(base),
        Command::Notes { tag } => notes::notes(&tag),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The command line, with the commands listed in [`GROUPS`].
fn command_line() -> clap::Command {
    let command = Arguments::command();
    let mut help = String::new();
    for (title, names) in GROUPS {
        _ = writeln!(help, "{title}:");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            _ = writeln!(help, "  {name:<10}{}", about.map(ToString::to_string).unwrap_or_default());
        }
        help.push('\n');
    }
    let template = "{about}\n\n{usage-heading} {usage}\n\n{after-help}Options:\n{options}\n";
    command.after_help(help).help_template(template)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chatchat_harness::root;
    use clap::error::ErrorKind;

    use super::{GROUPS, command_line};

    /// The commands of this program in blocks and in backticks.
    #[test]
    fn documented_commands_are_accepted() {
        let mut count = 0;
        for file in ["README.md", "CONTRIBUTING.md", "docs/operations.md", "docs/soak.md"] {
            let document = fs::read_to_string(root().join(file)).unwrap();
            for (index, part) in document.split("```").enumerate() {
                let texts: Vec<_> = match index % 2 {
                    0 => part.split('`').skip(1).step_by(2).collect(),
                    _ => part.lines().map(|line| line.split('#').next().unwrap()).collect(),
                };
                for text in texts {
                    let Some(arguments) = text.trim().strip_prefix("cargo xtask") else { continue };
                    // A quoted argument, such as "Name=$(command)", is one word.
                    let quoted = arguments.split('"').enumerate().flat_map(|(index, part)| {
                        if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
                    });
                    let words: Vec<_> = ["cargo xtask"].into_iter().chain(quoted).collect();
                    if words.len() > 1 {
                        if let Err(error) = command_line().try_get_matches_from(&words) {
                            // A command that is only mentioned has no arguments.
                            let is_mentioned =
                                error.kind() == ErrorKind::MissingRequiredArgument && words.len() == 2;
                            assert!(is_mentioned || error.exit_code() == 0, "{file}: {text}: {error}");
                        }
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 25, "{count} commands were found");
    }

    #[test]
    fn help_lists_each_command_in_one_group() {
        let command = command_line();
        let mut commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        commands.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, commands);
    }
}
