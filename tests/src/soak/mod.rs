//! The soak: many clients talk in many rooms while things go wrong, everything that they observe is written down, and then it is checked.
//!
//! All that is chosen (who says what, which faults come and in which order) comes from the seed. When each of it happens is up to the machine, so
//! a seed repeats a mixture and not a run.

mod account;
mod checker;
mod clients;
mod faults;
mod history;
mod kept;
mod participant;
mod refusals;
mod report;
mod stage;
mod wire;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chatchat_local::{LogLines, Postgres, PostgresOptions, Settings};
use fastrand::Rng;
use tokio::{
    sync::watch,
    time::{interval, sleep},
};

use crate::{Client, Failure, System, SystemOptions};
pub use checker::{Count, Verdict};
use clients::Clients;
use faults::Faults;
pub use faults::{Chosen, Event, Hand, Kind, Tallied};
use history::History;
pub use participant::Times;
use participant::{Common, Phase, Status};
pub use report::{Report, percentile};

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long a fault's last traces may take: a frame that was delayed, a process that hangs.
const TRACES: Duration = Duration::from_secs(3);

/// How long the clients may take, once nothing goes wrong any more, to have everything acknowledged, and then to be sure of having everything.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a run goes on past its length for faults that have not happened yet.
const OVERTIME: Duration = Duration::from_mins(3);

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many rooms.
    pub rooms: usize,
    /// How long.
    pub length: Length,
    /// What all choices come from.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Chosen,
    /// Messages a second that the clients would write together if nothing went wrong.
    pub rate: f64,
}

/// How long a run is: until then new messages are written, and longer where a chosen fault has not happened yet.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many messages at least.
    Messages(u64),
    /// So long.
    Time(Duration),
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Since the first message.
    pub elapsed: Duration,
    /// Messages written.
    pub written: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
}

/// What a run tells while it lasts.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// How far it is, ten times a second.
    Progress(Progress),
    /// A fault begins or is over.
    Fault(Event),
}

/// Starts a system for a run. Its PostgreSQL is not the one that `DATABASE_URL` names, because a run crashes it and shuts it down. `progress`
/// takes one line a step.
pub async fn system(progress: Option<LogLines>) -> Result<System, Failure> {
    let postgres = PostgresOptions { progress: progress.clone(), ..PostgresOptions::default() };
    let postgres = Postgres::launch(postgres).await?;
    // More than a machine's cores can serve at a time, and few enough for its memory: what is throttled is one more fault.
    let settings = Settings { environments: 60, ..Settings::default() };
    let postgres = Some(Arc::new(postgres));
    let options = SystemOptions { progress, settings, postgres, ..SystemOptions::default() };
    System::start(options).await
}

/// Runs a plan in a system of [`system`], and checks what was observed.
pub async fn run(system: &System, plan: &Plan, tell: impl Fn(Told)) -> Result<Report, Failure> {
    let mut rng = Rng::with_seed(plan.seed);
    let common = Arc::new(Common::default());
    let sides = stage::set(&Client::new(&system.cloud.url())?, plan.rooms, &common).await?;
    let phase = watch::Sender::new(Phase::Arriving);
    let clients = Clients::start(&sides, plan, &common, &phase, &mut rng);
    let settled = |status: &Status| status.settled.load(Ordering::Relaxed);
    let missing = clients.wait_for(settled, PATIENCE).await;
    if !missing.is_empty() {
        return Err(format!("nothing was wrong, and these did not arrive: {}", missing.join(", ")).into());
    }
    phase.send_replace(Phase::Sending);
    let faults = Faults::new(system, &common, &plan.faults, phase.subscribe());

    let started = Instant::now();
    let writing = async {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            let now = Progress::of(&common, started);
            faults.tally.take_events().into_iter().for_each(|event| tell(Told::Fault(event)));
            tell(Told::Progress(now));
            if plan.length.is_reached(now)
                && (faults.tally.missing().is_empty() || plan.length.is_overtime(now))
            {
                phase.send_replace(Phase::Draining);
                return Ok(());
            }
        }
    };
    tokio::try_join!(writing, faults.run(&mut rng))?;
    let lasted = started.elapsed();
    sleep(TRACES).await;
    clients.wait_for(|status| status.empty.load(Ordering::Relaxed), PATIENCE).await;
    clients.unsettle();
    phase.send_replace(Phase::Settling);
    let unsettled = clients.wait_for(settled, PATIENCE).await;
    phase.send_replace(Phase::Over);

    let observers = clients.len();
    let (mut history, mut times, mut given_up) = (History::default(), Times::default(), Vec::new());
    for record in clients.records().await? {
        history.attempts.extend(record.attempts);
        history.views.extend(record.views);
        history.trails.extend(record.trails);
        given_up.extend(record.given_up);
        times.add(record.times);
    }
    history.kept = kept::rooms(system).await?;
    history.views.extend(kept::as_read_over_http(&sides).await?);
    let acknowledged = || history.attempts.iter().filter(|attempt| !attempt.acknowledged.is_empty());
    Ok(Report {
        verdict: checker::check(&history),
        attempted: history.attempts.len() as u64,
        acknowledged: acknowledged().count() as u64,
        recovered: acknowledged().filter(|attempt| attempt.sends > 1).count() as u64,
        given_up,
        unsettled,
        clients: observers,
        rooms: plan.rooms,
        times,
        lasted,
        refusals: common.refusals.numbers(),
        faults: faults.tally.numbers(),
    })
}

impl Progress {
    fn of(common: &Common, started: Instant) -> Self {
        Self {
            elapsed: started.elapsed(),
            written: common.written.load(Ordering::Relaxed),
            acknowledged: common.acknowledged.load(Ordering::Relaxed),
        }
    }
}

impl Length {
    fn is_reached(self, now: Progress) -> bool {
        match self {
            Self::Messages(messages) => now.written >= messages,
            Self::Time(time) => now.elapsed >= time,
        }
    }

    /// Whether what has not happened by now is not waited for any longer.
    fn is_overtime(self, now: Progress) -> bool {
        match self {
            Self::Messages(_) => now.elapsed >= OVERTIME,
            Self::Time(time) => now.elapsed >= time + OVERTIME,
        }
    }
}
