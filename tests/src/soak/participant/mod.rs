//! One client: a tab of a customer, or a device of a company, which keeps its half of what delivery promises.
//!
//! It connects with a ticket, and again with full jitter when the connection is lost; asks for what it missed once it is registered; applies
//! messages by seq wherever they come from; notices a missing number, and by its heartbeat a missing end; sends each message under one
//! `clientMessageId` until it is acknowledged, one at a time in a room. It knows what it was told and nothing else.

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

use super::{account::Account, refusals::Refusals, wire::Wire};
use calls::Done;
use link::Link;
use room::Room;

pub(super) use calls::seen;
pub use record::{Record, Times};

/// How often a client looks at what is due.
const TICK: Duration = Duration::from_millis(20);

/// How many histories a client fetches at a time: as many connections as a browser has to a host.
const FETCHES: usize = 6;

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everybody connects, and makes sure of having everything, for the first time.
    Arriving,
    /// New messages are written.
    Sending,
    /// What is written is sent until it is acknowledged.
    Draining,
    /// Everybody makes sure of having everything.
    Settling,
    /// Everybody goes.
    Over,
}

/// What all clients of a run share.
#[derive(Debug, Default)]
pub struct Common {
    /// What goes wrong on the clients' side.
    pub wire: Wire,
    /// What clients were refused with.
    pub refusals: Refusals,
    /// Messages written so far.
    pub written: AtomicU64,
    /// Messages acknowledged so far.
    pub acknowledged: AtomicU64,
}

/// What a client says of itself while it runs.
#[derive(Debug, Default)]
pub struct Status {
    /// Nothing waits for an acknowledgement.
    pub empty: AtomicBool,
    /// The server said, before anything was sent or after everything was, that this client has everything.
    pub settled: AtomicBool,
}

/// Who a client is.
pub struct Identity {
    /// What reports call it.
    pub name: String,
    /// Whose client it is.
    pub account: Account,
    /// The rooms that it has open.
    pub rooms: Vec<i64>,
    /// How long it thinks between two messages to one room, on average.
    pub thinks: Duration,
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
    /// The number of the connection, for what was asked on one and answered on the next.
    connection: u64,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    fetching: usize,
    /// Whether it has begun to write messages.
    sends: bool,
    /// When it next does something that is no sending: reads, types, looks at a room.
    idles_until: Instant,
    times: Times,
}

impl Participant {
    /// A client that has not connected yet. All that it chooses comes from `rng`.
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
            sends: false,
            idles_until: now,
            times: Times::default(),
        }
    }

    /// Lives until the run is over.
    pub async fn run(mut self) -> Record {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.link.event() => match event {
                    Some(event) => self.heard(&event),
                    None => self.lose(),
                },
                Some(done) = self.jobs.next(), if !self.jobs.is_empty() => self.done(done),
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

    /// Does all that is due.
    async fn act(&mut self) {
        let now = Instant::now();
        if self.link.is_due(now) {
            self.link.opening();
            self.jobs.push(Box::pin(calls::open(self.identity.account.clone())));
        }
        self.beat(now).await;
        self.caught_up(now);
        self.resync(now);
        if !self.sends && self.phase() == Phase::Sending {
            self.sends = true;
            for room in self.rooms.values_mut() {
                room.outbox.begin(now + self.identity.thinks.mul_f64(self.rng.f64()));
            }
        }
        self.send(now).await;
        if now >= self.idles_until {
            self.idles_until = now + Duration::from_millis(self.rng.u64(2000..8000));
            self.idle().await;
        }
        let empty = self.rooms.values().all(|room| room.outbox.is_empty());
        self.status.empty.store(empty, Ordering::Relaxed);
    }

    /// Asks for the histories that may lack something. Register first, then fetch: not without a connection.
    fn resync(&mut self, now: Instant) {
        if !self.link.is_up() {
            return;
        }
        for room in self.rooms.values_mut().filter(|room| room.wants_history(now)) {
            if self.fetching == FETCHES {
                return;
            }
            room.fetching = true;
            self.fetching += 1;
            let account = self.identity.account.clone();
            let after = room.timeline.last();
            self.jobs.push(Box::pin(calls::fetch(account, room.id, self.connection, after)));
            if room.timeline.is_unsure() && self.common.wire.cut_while_resyncing.strikes() {
                return self.lose();
            }
        }
    }
}
