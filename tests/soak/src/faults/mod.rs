//! Injects faults during a run, in an order that the seed determines.
//!
//! The kinds of faults are grouped by their injector: cloud, database and client. Each group is
//! shuffled and injected from first to last, then shuffled again. Faults of the cloud can overlap.
//! Faults of the database happen one at a time, because a stopped server cannot be made read-only.

mod cloud;
mod database;
mod kind;
mod rival;
mod superuser;
mod tally;

use std::time::Duration;

use chatchat_harness::{Failure, System};
use fastrand::Rng;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    select,
    sync::watch,
    time::{sleep, timeout},
};

use superuser::Database;

pub use kind::{FaultSelection, Injector, Kind};
pub use tally::{FaultCounts, FaultEvent, Tally};

use super::{
    common::{Common, Phase},
    wire::{Switch, Wire},
};

/// The time from the beginning of one outage of `FaultSelection::Outages` to the beginning of the
/// next.
const OUTAGE_INTERVAL: Duration = Duration::from_secs(15);
/// The length of an outage of `FaultSelection::Outages`.
const OUTAGE_LENGTH: Duration = Duration::from_secs(2);

/// The faults of a run.
pub struct Faults<'a> {
    system: &'a System,
    common: &'a Common,
    selection: &'a FaultSelection,
    phase: watch::Receiver<Phase>,
    /// The numbers of faults so far.
    pub tally: Tally,
}

/// The kinds of faults of one injector, shuffled again for each round.
struct Deck {
    kinds: Vec<Kind>,
    left: Vec<Kind>,
    /// The number of the current round; the first round is 1.
    round: u32,
    rng: Rng,
}

impl Deck {
    fn next(&mut self) -> Option<Kind> {
        if self.left.is_empty() {
            self.left.clone_from(&self.kinds);
            self.rng.shuffle(&mut self.left);
            self.round += 1;
        }
        self.left.pop()
    }
}

impl<'a> Faults<'a> {
    /// Creates the faults of a selection. No fault happens before [`Faults::run`].
    pub fn new(
        system: &'a System,
        common: &'a Common,
        selection: &'a FaultSelection,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let kinds = if *selection == FaultSelection::Outages { &[Kind::Outage] } else { selection.kinds() };
        Self { system, common, selection, phase, tally: Tally::new(kinds) }
    }

    /// Injects faults during [`Phase::Sending`], and removes all of them before it returns.
    pub async fn run(&self, rng: &mut Rng) -> Result<(), Failure> {
        if *self.selection == FaultSelection::Outages {
            self.outages().await;
            return Ok(());
        }
        let mut deck = |injector: Injector| {
            let kinds = self.selection.kinds().iter();
            let kinds = kinds.filter(|kind| kind.injector() == injector).copied().collect();
            Deck { kinds, left: Vec::new(), round: 0, rng: rng.fork() }
        };
        let decks = (deck(Injector::Cloud), deck(Injector::Database), deck(Injector::Client));
        let ((), database, ()) =
            tokio::join!(self.cloud(decks.0), self.database(decks.1), self.clients(decks.2));
        database
    }

    /// Waits. Returns false if the faults have to end.
    async fn pause(&self, time: Duration) -> bool {
        let mut phase = self.phase.clone();
        timeout(time, phase.wait_for(|phase| *phase > Phase::Sending)).await.is_err()
    }

    async fn outages(&self) {
        while self.pause(OUTAGE_INTERVAL.saturating_sub(OUTAGE_LENGTH)).await {
            self.tally.injected(Kind::Outage);
            self.tally.happened(Kind::Outage, cloud::outage(self.system, self.pause(OUTAGE_LENGTH)).await);
        }
    }

    async fn cloud(&self, mut deck: Deck) {
        let mut running = FuturesUnordered::new();
        let mut phase = self.phase.clone();
        let mut ended = std::pin::pin!(phase.wait_for(|phase| *phase > Phase::Sending));
        while let Some(kind) = deck.next() {
            // Only in every third round; otherwise the clients would spend most of the time
            // reconnecting.
            if cloud::closes_all_connections(kind) && deck.round % 3 != 1 {
                continue;
            }
            let time = cloud::pause_before(kind, &mut deck.rng);
            let mut wait = std::pin::pin!(sleep(time));
            loop {
                select! {
                    () = &mut wait => break,
                    _ = &mut ended => {
                        // Running faults end by themselves.
                        while running.next().await.is_some() {}
                        return;
                    }
                    Some(()) = running.next(), if !running.is_empty() => {}
                }
            }
            running.push(self.cloud_fault(kind, deck.rng.fork()));
        }
    }

    async fn cloud_fault(&self, kind: Kind, mut rng: Rng) {
        self.tally.injected(kind);
        let pause = async |time| self.pause(time).await;
        self.tally.happened(kind, cloud::inject(self.system, kind, &mut rng, pause).await);
    }

    async fn database(&self, mut deck: Deck) -> Result<(), Failure> {
        let database = Database::new(self.system);
        while let Some(kind) = deck.next() {
            let time = Duration::from_millis(deck.rng.u64(2000..5000));
            if !self.pause(time).await {
                break;
            }
            self.tally.injected(kind);
            let happened = database.inject(kind, &mut deck.rng).await;
            let happened = happened.map_err(|error| format!("{kind}: {error}"))?;
            self.tally.happened(kind, happened);
        }
        Ok(())
    }

    async fn clients(&self, mut deck: Deck) {
        while let Some(kind) = deck.next() {
            if !self.pause(Duration::from_millis(deck.rng.u64(300..1200))).await {
                return;
            }
            let switch = switch(kind, &self.common.wire);
            let before = switch.happened();
            self.tally.injected(kind);
            switch.arm(deck.rng.u32(1..5));
            self.pause(Duration::from_millis(deck.rng.u64(500..1500))).await;
            switch.arm(0);
            self.tally.happened(kind, (switch.happened() - before).into());
        }
    }
}

fn switch(kind: Kind, wire: &Wire) -> &Switch {
    match kind {
        Kind::CutBeforeSend => &wire.cut_before_send,
        Kind::CutAfterSend => &wire.cut_after_send,
        Kind::CutWhileResyncing => &wire.cut_while_resyncing,
        _ => &wire.send_twice,
    }
}
