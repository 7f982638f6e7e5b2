//! `cargo xtask soak`: many clients talk while things go wrong, and then everything that they observed is checked.

use std::{
    cell::Cell,
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use chatchat_tests::{
    Failure,
    soak::{self, Chosen, Event, Length, Plan, Progress, Told},
};
use clap::Args;

use crate::{build, failure, progress};

/// How often a line tells how far the run is.
const EVERY: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Args)]
pub struct What {
    /// How many rooms: each company has about fifteen, each customer two
    #[arg(long, default_value_t = 50)]
    rooms: usize,
    /// For how many minutes messages are written
    #[arg(long, default_value_t = 5, conflicts_with = "messages")]
    minutes: u64,
    /// How many messages are written at least, however long it takes
    #[arg(long)]
    messages: Option<u64>,
    /// What all choices come from; the machine's timing is not chosen, so a seed repeats a mixture and not a run
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What goes wrong: all, none, outages (2 s every 15 s), or names of faults, separated by commas
    #[arg(long, default_value = "all")]
    faults: Chosen,
    /// Messages a second that the clients would write if nothing went wrong
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Tell of each fault when it begins and when it is over
    #[arg(long)]
    verbose: bool,
}

/// Runs it in a system of its own, prints what came of it, and fails when a promise was broken.
pub async fn soak(what: What) -> Result<(), Failure> {
    let What { rooms, minutes, messages, seed, faults, rate, verbose } = what;
    if rooms == 0 || !rate.is_finite() || rate <= 0.0 {
        return Err(failure("there is nothing to soak without rooms and a rate"));
    }
    let (length, long) = match messages {
        Some(messages) => (Length::Messages(messages), format!("{messages} messages")),
        None => (Length::Time(Duration::from_secs(minutes * 60)), format!("{minutes} minutes")),
    };
    build()?;
    println!("{}", machine());
    println!("seed {seed}, {rooms} rooms, {long}, faults: {faults}");
    let system = soak::system(Some(progress())).await?;
    let plan = Plan { rooms, length, seed, faults, rate };
    let last = Cell::new(Duration::ZERO);
    let tell = |told: Told| match told {
        Told::Progress(progress) => tell_progress(&last, progress),
        Told::Fault(event) if verbose => tell_fault(event),
        Told::Fault(_) => {}
    };
    let run = soak::run(&system, &plan, tell).await;
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

fn tell_progress(last: &Cell<Duration>, progress: Progress) {
    let Progress { elapsed, written, acknowledged } = progress;
    if elapsed >= last.get() + EVERY {
        last.set(elapsed);
        println!("{:>6.0} s  {written:>8} written  {acknowledged:>8} acknowledged", elapsed.as_secs_f64());
        // A reader of a log wants to see it now.
        _ = std::io::stdout().flush();
    }
}

fn tell_fault(event: Event) {
    let Event { at, kind, happened } = event;
    let what = happened.map_or("begins".to_owned(), |times| format!("is over, happened {times}×"));
    println!("{:>8.1} s  {kind} {what}", at.as_secs_f64());
}

/// The machine: cores, memory, system.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    });
    let memory = memory.or_else(|| Some(said("sysctl", &["-n", "hw.memsize"])?.parse::<u64>().ok()? / 1024));
    let memory = memory.map_or_else(String::new, |kibibytes| format!("{} MiB, ", kibibytes / 1024));
    let system = said("uname", &["-srm"]).unwrap_or_else(|| std::env::consts::OS.to_owned());
    format!("{cores} cores, {memory}{system}")
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
