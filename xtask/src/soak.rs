//! `cargo xtask soak`: many clients exchange messages while faults are injected; then everything
//! that they observed is checked.

use std::{
    cell::Cell,
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use chatchat_harness::Failure;
use chatchat_soak::{self as soak, FaultEvent, FaultSelection, Length, Plan, Progress, Update};
use clap::Args;

use crate::{build, failure, progress};

/// The time between two lines of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// The options of a run.
#[derive(Args)]
pub struct Options {
    /// How many rooms there are; a company has about fifteen, a customer two
    #[arg(long, default_value_t = 50)]
    rooms: usize,
    /// For how many minutes messages are written
    #[arg(long, default_value_t = 5, conflicts_with = "messages")]
    minutes: u64,
    /// The minimum number of messages to write, in place of a time
    #[arg(long)]
    messages: Option<u64>,
    /// The seed of all random choices; timing is not reproducible, so a seed repeats the mixture of
    /// faults and not the exact run
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The faults to inject: all, none, outages (2 s every 15 s), or names separated by commas
    #[arg(long, default_value = "all")]
    faults: FaultSelection,
    /// How many messages per second all clients together write while there are no faults
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// The percentage of the clients that use the client library, web/client, in Node; the others
    /// are clients in Rust
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(..=100))]
    library_clients: u8,
    /// Print a line when a fault begins and when it ends
    #[arg(long)]
    verbose: bool,
}

/// Runs the soak in a temporary system, prints the report, and fails if a promise was broken.
pub async fn soak(options: Options) -> Result<(), Failure> {
    let Options { rooms, minutes, messages, seed, faults, rate, library_clients, verbose } = options;
    if rooms == 0 || !rate.is_finite() || rate <= 0.0 {
        return Err(failure("--rooms and --rate must be greater than 0"));
    }
    let (length, long) = match messages {
        Some(messages) => (Length::Messages(messages), format!("{messages} messages")),
        None => (Length::Time(Duration::from_secs(minutes * 60)), format!("{minutes} minutes")),
    };
    build()?;
    println!("{}", machine());
    println!("seed {seed}, {rooms} rooms, {long}, faults: {faults}");
    let system = soak::system(Some(progress())).await?;
    let plan = Plan { rooms, length, seed, faults, rate, library_clients };
    let last = Cell::new(Duration::ZERO);
    let on_update = |update: Update| match update {
        Update::Progress(progress) => print_progress(&last, progress),
        Update::Fault(event) if verbose => print_fault(event),
        Update::Fault(_) => {}
    };
    let run = soak::run(&system, &plan, on_update).await;
    system.stop().await;
    let report = run?;
    println!("\n{report}");
    match report.broken() {
        None => {
            println!("every promise held");
            Ok(())
        }
        Some(broken) => Err(failure(broken)),
    }
}

fn print_progress(last: &Cell<Duration>, progress: Progress) {
    let Progress { elapsed, written, acknowledged } = progress;
    if elapsed >= last.get() + PROGRESS_INTERVAL {
        last.set(elapsed);
        println!("{:>6.0} s  {written:>8} written  {acknowledged:>8} acknowledged", elapsed.as_secs_f64());
        // So that the line appears at once also when the output is a file.
        _ = std::io::stdout().flush();
    }
}

fn print_fault(event: FaultEvent) {
    let FaultEvent { at, kind, happened } = event;
    let what = happened.map_or("begins".to_owned(), |times| format!("ends, happened {times}×"));
    println!("{:>8.1} s  {kind} {what}", at.as_secs_f64());
}

/// Describes the machine: cores, memory, operating system.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    });
    let memory =
        memory.or_else(|| Some(output("sysctl", &["-n", "hw.memsize"])?.parse::<u64>().ok()? / 1024));
    let memory = memory.map_or_else(String::new, |kibibytes| format!("{} MiB, ", kibibytes / 1024));
    let system = output("uname", &["-srm"]).unwrap_or_else(|| std::env::consts::OS.to_owned());
    format!("{cores} cores, {memory}{system}")
}

/// Returns what a program prints, without the line break at the end.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
