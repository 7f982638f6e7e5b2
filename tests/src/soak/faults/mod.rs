//! What goes wrong during a run, and when: chosen by the seed, one after the other and over each other.
//!
//! Each of the three hands deals its kinds like cards: all of them in random order, and then again. What the cloud does overlaps with itself;
//! what is done to the database comes one at a time, for a server that is shut down cannot be made read-only.

mod cloud;
mod database;
mod kind;
mod rival;
mod tally;

use std::time::Duration;

use fastrand::Rng;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    select,
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    participant::{Common, Phase},
    wire::Wire,
};
use crate::{Failure, System};
use database::Database;
pub use kind::{Chosen, Hand, Kind};
pub use tally::{Event, Tallied, Tally};

/// Time of `Chosen::Outages`: from the beginning of one to the beginning of the next, and how long it lasts.
const EVERY: Duration = Duration::from_secs(15);
const LASTING: Duration = Duration::from_secs(2);

/// The faults of a run.
pub struct Faults<'a> {
    system: &'a System,
    common: &'a Common,
    chosen: &'a Chosen,
    phase: watch::Receiver<Phase>,
    /// What has happened so far.
    pub tally: Tally,
}

/// The kinds of one hand in random order, over and over.
struct Deck {
    kinds: Vec<Kind>,
    left: Vec<Kind>,
    /// How often all of them were dealt, this time included.
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
    /// The faults that are chosen; nothing happens before [`Faults::run`].
    pub fn new(
        system: &'a System,
        common: &'a Common,
        chosen: &'a Chosen,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let kinds = if *chosen == Chosen::Outages { &[Kind::Outage] } else { chosen.kinds() };
        Self { system, common, chosen, phase, tally: Tally::new(kinds) }
    }

    /// Has things go wrong while messages are written, and puts everything right before it returns.
    pub async fn run(&self, rng: &mut Rng) -> Result<(), Failure> {
        if *self.chosen == Chosen::Outages {
            self.outages().await;
            return Ok(());
        }
        let mut deck = |hand: Hand| {
            let kinds = self.chosen.kinds().iter().filter(|kind| kind.hand() == hand).copied().collect();
            Deck { kinds, left: Vec::new(), round: 0, rng: rng.fork() }
        };
        let decks = (deck(Hand::Cloud), deck(Hand::Database), deck(Hand::Client));
        let ((), database, ()) =
            tokio::join!(self.cloud(decks.0), self.database(decks.1), self.clients(decks.2));
        database
    }

    /// Waits; false when the faults are to end.
    async fn pause(&self, time: Duration) -> bool {
        let mut phase = self.phase.clone();
        timeout(time, phase.wait_for(|phase| *phase > Phase::Sending)).await.is_err()
    }

    async fn outages(&self) {
        while self.pause(EVERY.saturating_sub(LASTING)).await {
            self.tally.injected(Kind::Outage);
            self.tally.happened(Kind::Outage, self.outage(LASTING).await);
        }
    }

    async fn cloud(&self, mut deck: Deck) {
        let mut going = FuturesUnordered::new();
        let mut phase = self.phase.clone();
        let mut ended = std::pin::pin!(phase.wait_for(|phase| *phase > Phase::Sending));
        while let Some(kind) = deck.next() {
            // What costs everybody the connection comes in every third round, or there would be nothing but reconnects.
            if cloud::hits_everybody(kind) && deck.round % 3 != 1 {
                continue;
            }
            let time = cloud::pause_before(kind, &mut deck.rng);
            let mut wait = std::pin::pin!(sleep(time));
            loop {
                select! {
                    () = &mut wait => break,
                    _ = &mut ended => {
                        // Those that go on come to their own end.
                        while going.next().await.is_some() {}
                        return;
                    }
                    Some(()) = going.next(), if !going.is_empty() => {}
                }
            }
            going.push(self.cloud_fault(kind, deck.rng.fork()));
        }
    }

    async fn database(&self, mut deck: Deck) -> Result<(), Failure> {
        let mut database = Database::new(self.system);
        while let Some(kind) = deck.next() {
            let time = Duration::from_millis(deck.rng.u64(2000..5000));
            if !self.pause(time).await {
                break;
            }
            self.tally.injected(kind);
            let happened = database.suffer(kind, &mut deck.rng).await;
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

fn switch(kind: Kind, wire: &Wire) -> &super::wire::Switch {
    match kind {
        Kind::CutBeforeSend => &wire.cut_before_send,
        Kind::CutAfterSend => &wire.cut_after_send,
        Kind::CutWhileResyncing => &wire.cut_while_resyncing,
        _ => &wire.send_twice,
    }
}
