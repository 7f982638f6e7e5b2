//! The state of a client, and its connection.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chatchat_harness::{Failure, Socket};
use fastrand::Rng;
use futures_util::{future::BoxFuture, stream::FuturesUnordered};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    calls::CallResult,
    link::{Link, Next},
    record::Times,
    room::Room,
};
use crate::{
    account::Account,
    common::{Common, Phase, Status},
};

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
    pub(super) identity: Identity,
    pub(super) common: Arc<Common>,
    pub(super) status: Arc<Status>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) rng: Rng,
    pub(super) rooms: BTreeMap<i64, Room>,
    pub(super) link: Link,
    /// The number of the current connection, to recognise responses to requests of an earlier one.
    pub(super) connection: u64,
    pub(super) jobs: FuturesUnordered<BoxFuture<'static, CallResult>>,
    pub(super) fetching: usize,
    /// Whether the client has begun to write messages.
    pub(super) has_begun: bool,
    /// When the client next does something other than sending.
    pub(super) next_random_act: Instant,
    pub(super) times: Times,
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

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(super) fn set_settled(&self, settled: bool) {
        self.status.settled.store(settled, Ordering::Relaxed);
    }

    /// Handles the result of opening a connection.
    pub(super) fn on_open(&mut self, opened: Result<Box<Socket>, Failure>) {
        let now = Instant::now();
        match opened {
            Ok(socket) => {
                self.connection += 1;
                self.link.up(socket, now);
                for room in self.rooms.values_mut() {
                    room.timeline.mark_unverified();
                    room.outbox.resend_now(now);
                }
            }
            Err(_) => self.link.down(&mut self.rng, now),
        }
    }

    /// Handles the loss of the connection, or closes it.
    pub(super) fn disconnect(&mut self) {
        self.link.down(&mut self.rng, Instant::now());
        self.times.lost += 1;
        self.set_settled(false);
    }

    /// Sends a heartbeat with the newest seqs of this client, if one is due.
    pub(super) async fn heartbeat(&mut self, now: Instant) {
        let settling = [Phase::Arriving, Phase::Settling].contains(&self.phase());
        let next = self.link.next(settling, &mut self.rng, now);
        let lost = match next {
            Next::Nothing => false,
            Next::Send => {
                let position = |room: &Room| json!({ "roomId": room.id, "lastSeq": room.timeline.last() });
                let rooms: Vec<Value> = self.rooms.values().map(position).collect();
                !self.link.send(&json!({ "action": "heartbeat", "rooms": rooms })).await
            }
            Next::GiveUp => true,
        };
        if lost {
            self.disconnect();
        }
    }
}
