//! One client of the soak, which does what a client must do to get every message once and in order.
//!
//! - It connects with a ticket, and reconnects with full jitter.
//! - After each connect, it fetches the messages that it missed.
//! - It orders messages by seq, whichever way they arrive.
//! - It detects gaps from the seqs of messages, and missing newest messages from heartbeats.
//! - It sends each message with the same `clientMessageId` until it is acknowledged, and sends one
//!   message at a time to a room.
//!
//! It uses only what the server sends to it.

mod acts;
mod calls;
mod frames;
mod link;
mod markers;
mod outbox;
mod record;
mod room;
mod timeline;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fastrand::Rng;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use calls::CallResult;
use link::Link;
use room::Room;

pub(super) use calls::{place, seen};
pub use record::{Record, Times};

use super::{account::Account, refusals::Refusals, wire::Wire};

/// The time between two checks of what is due.
const TICK: Duration = Duration::from_millis(20);

/// How many histories a client fetches at the same time. A browser opens as many connections to a
/// host.
const MAX_CONCURRENT_FETCHES: usize = 6;

/// The phases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The clients connect and verify for the first time that they have all messages.
    Arriving,
    /// The clients write new messages.
    Sending,
    /// The clients send the written messages until all are acknowledged.
    Draining,
    /// The clients verify that they have all messages.
    Settling,
    /// The clients end.
    Over,
}

/// The state that all clients of a run share.
#[derive(Debug, Default)]
pub struct Common {
    /// The switches of client-side faults.
    pub wire: Wire,
    /// The errors that clients received.
    pub refusals: Refusals,
    /// Messages written so far.
    pub written: AtomicU64,
    /// Messages acknowledged so far.
    pub acknowledged: AtomicU64,
}

/// The status of a running client.
#[derive(Debug, Default)]
pub struct Status {
    /// Whether no message waits for an acknowledgement.
    pub empty: AtomicBool,
    /// Whether, in a phase without new messages, the answer to a heartbeat confirmed that this
    /// client has all messages.
    pub settled: AtomicBool,
}

/// The identity of a client.
pub struct Identity {
    /// The name in reports.
    pub name: String,
    /// The account.
    pub account: Account,
    /// The rooms that the client has open.
    pub rooms: Vec<i64>,
    /// The average pause between two messages to a room.
    pub think_time: Duration,
}

/// A client.
pub struct Participant {
    identity: Identity,
    common: Arc<Common>,
    status: Arc<Status>,
    phase: watch::Receiver<Phase>,
    rng: Rng,
    rooms: BTreeMap<i64, Room>,
    link: Link,
    /// The number of the current connection, to recognise responses to requests of an earlier one.
    connection: u64,
    jobs: FuturesUnordered<BoxFuture<'static, CallResult>>,
    fetching: usize,
    /// Whether the client has begun to write messages.
    has_begun: bool,
    /// When the client next does something other than sending.
    next_random_act: Instant,
    times: Times,
}

impl Participant {
    /// Creates a client that is not connected. `rng` makes all its random choices.
    pub fn new(
        identity: Identity,
        common: Arc<Common>,
        status: Arc<Status>,
        phase: watch::Receiver<Phase>,
        rng: Rng,
    ) -> Self {
        let now = Instant::now();
        let room = |id: &i64| (*id, Room::new(*id, identity.account.id, &identity.name));
        let rooms = identity.rooms.iter().map(room).collect();
        Self {
            identity,
            common,
            status,
            phase,
            rng,
            rooms,
            link: Link::new(now),
            connection: 0,
            jobs: FuturesUnordered::new(),
            fetching: 0,
            has_begun: false,
            next_random_act: now,
            times: Times::default(),
        }
    }

    /// Runs until [`Phase::Over`].
    pub async fn run(mut self) -> Record {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.link.event() => match event {
                    Some(event) => self.on_frame(&event),
                    None => self.disconnect(),
                },
                Some(result) = self.jobs.next(), if !self.jobs.is_empty() => self.on_result(result),
                _ = ticks.tick() => {}
            }
            if self.phase() == Phase::Over {
                return self.into_record();
            }
            self.act().await;
        }
    }

    fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Does everything that is due.
    async fn act(&mut self) {
        let now = Instant::now();
        if self.link.is_due(now) {
            self.link.opening();
            self.jobs.push(Box::pin(calls::open(self.identity.account.clone())));
        }
        self.heartbeat(now).await;
        self.record_recovery(now);
        self.fetch_histories(now);
        if !self.has_begun && self.phase() == Phase::Sending {
            self.has_begun = true;
            for room in self.rooms.values_mut() {
                room.outbox.begin(now + self.identity.think_time.mul_f64(self.rng.f64()));
            }
        }
        self.send(now).await;
        if now >= self.next_random_act {
            self.next_random_act = now + Duration::from_millis(self.rng.u64(2000..8000));
            self.act_randomly().await;
        }
        let empty = self.rooms.values().all(|room| room.outbox.is_empty());
        self.status.empty.store(empty, Ordering::Relaxed);
    }

    /// Fetches the histories of rooms in which messages may be missing. Only while connected: a
    /// message that is sent before the connection is registered is not pushed to it.
    fn fetch_histories(&mut self, now: Instant) {
        if !self.link.is_up() {
            return;
        }
        for room in self.rooms.values_mut().filter(|room| room.wants_history(now)) {
            if self.fetching == MAX_CONCURRENT_FETCHES {
                return;
            }
            room.fetching = true;
            self.fetching += 1;
            let account = self.identity.account.clone();
            let after = room.timeline.last();
            self.jobs.push(Box::pin(calls::fetch(account, room.id, self.connection, after)));
            if !room.timeline.is_verified() && self.common.wire.cut_while_resyncing.fire() {
                return self.disconnect();
            }
        }
    }
}
