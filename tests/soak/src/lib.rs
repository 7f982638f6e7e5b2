//! The soak test: many clients exchange messages in many rooms while faults are injected.
//! Everything that they observe is recorded and checked at the end.
//!
//! All random choices (messages, faults and their order) come from the seed. The timing depends on
//! the machine, so a seed repeats the mixture of messages and faults, not the exact run.

mod account;
mod checker;
mod clients;
mod common;
mod faults;
mod history;
mod library;
mod participant;
mod plan;
mod refusals;
mod report;
mod stage;
mod stored;
mod wire;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chatchat_harness::{Client, Failure, System, SystemOptions};
use chatchat_local::{LogLines, Postgres, PostgresOptions, Settings};
use fastrand::Rng;
use tokio::{
    sync::watch,
    time::{interval, sleep},
};

use checker::check;
use clients::Clients;
use common::{Common, Phase, Status};
use faults::Faults;
use history::History;

pub use checker::{Count, Verdict};
pub use faults::{FaultCounts, FaultEvent, FaultSelection, Injector, Kind};
pub use participant::Times;
pub use plan::{Length, Plan, Progress};
pub use report::{Report, percentile};

/// The time between two updates of the progress.
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);

/// How long effects of a fault can last after it has ended: a delayed frame, a process that hangs.
const AFTER_EFFECTS: Duration = Duration::from_secs(3);

/// How long the clients may take in each phase without faults: to connect, to get everything
/// acknowledged, and to verify that they are complete.
const PHASE_TIMEOUT: Duration = Duration::from_mins(2);

/// A notification during a run.
#[derive(Clone, Copy, Debug)]
pub enum Update {
    /// The progress, ten times per second.
    Progress(Progress),
    /// A fault begins or ends.
    Fault(FaultEvent),
}

/// Starts a system for a run. It never uses the PostgreSQL of `DATABASE_URL`, because a run crashes
/// and restarts the server. `progress` receives one line for each step of the start.
pub async fn system(progress: Option<LogLines>) -> Result<System, Failure> {
    let postgres = PostgresOptions { progress: progress.clone(), ..PostgresOptions::default() };
    let postgres = Postgres::launch(postgres).await?;
    // More processes than the cores can run in parallel, but few enough for the memory. Throttling
    // by this limit is one more fault.
    let settings = Settings { environments: 60, ..Settings::default() };
    let postgres = Some(Arc::new(postgres));
    let options = SystemOptions { progress, settings, postgres, relays: true, ..SystemOptions::default() };
    System::start(options).await
}

/// Runs a plan in a system started by [`system`], and checks what the clients observed.
pub async fn run(system: &System, plan: &Plan, on_update: impl Fn(Update)) -> Result<Report, Failure> {
    let mut rng = Rng::with_seed(plan.seed);
    let common = Arc::new(Common::default());
    let url = system.cloud.url();
    let sides = stage::set_up(&Client::new(&url)?, plan.rooms, &common).await?;
    let phase = watch::Sender::new(Phase::Arriving);
    let clients = Clients::start(&sides, plan, &url, &common, &phase, &mut rng).await?;
    let settled = |status: &Status| status.settled.load(Ordering::Relaxed);
    let missing = clients.wait_for(settled, PHASE_TIMEOUT).await;
    if !missing.is_empty() {
        return Err(
            format!("without any fault, these clients did not connect: {}", missing.join(", ")).into()
        );
    }
    phase.send_replace(Phase::Sending);
    let faults = Faults::new(system, &common, &plan.faults, phase.subscribe());

    let started = Instant::now();
    let writing = async {
        let mut ticks = interval(UPDATE_INTERVAL);
        loop {
            ticks.tick().await;
            let now = Progress::of(&common, started);
            faults.tally.take_events().into_iter().for_each(|event| on_update(Update::Fault(event)));
            on_update(Update::Progress(now));
            if plan.length.is_reached(now)
                && (faults.tally.missing().is_empty() || plan.length.max_extension_is_over(now))
            {
                phase.send_replace(Phase::Draining);
                return Ok(());
            }
        }
    };
    tokio::try_join!(writing, faults.run(&mut rng))?;
    let lasted = started.elapsed();
    sleep(AFTER_EFFECTS).await;
    clients.wait_for(|status| status.empty.load(Ordering::Relaxed), PHASE_TIMEOUT).await;
    clients.unsettle();
    phase.send_replace(Phase::Settling);
    let unsettled = clients.wait_for(settled, PHASE_TIMEOUT).await;
    phase.send_replace(Phase::Over);

    let (observers, of_library) = (clients.len(), clients.of_library);
    let (mut history, mut times, mut given_up) = (History::default(), Times::default(), Vec::new());
    for record in clients.records().await? {
        history.attempts.extend(record.attempts);
        history.views.extend(record.views);
        history.trails.extend(record.trails);
        given_up.extend(record.given_up);
        times.add(record.times);
    }
    history.stored = stored::rooms(system).await?;
    history.views.extend(stored::as_read_over_http(&sides).await?);
    let acknowledged = || history.attempts.iter().filter(|attempt| !attempt.acknowledged.is_empty());
    Ok(Report {
        verdict: check(&history),
        attempted: history.attempts.len() as u64,
        acknowledged: acknowledged().count() as u64,
        recovered: acknowledged().filter(|attempt| attempt.sends > 1).count() as u64,
        given_up,
        unsettled,
        clients: observers,
        library_clients: of_library,
        rooms: plan.rooms,
        times,
        lasted,
        refusals: common.refusals.numbers(),
        faults: faults.tally.numbers(),
    })
}
