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
mod client;
mod frames;
mod link;
mod markers;
mod outbox;
mod record;
mod room;
mod timeline;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use tokio::time::{MissedTickBehavior, interval};

use crate::{common::Phase, history::View};

pub(super) use calls::{place, seen};
pub use client::{Identity, Participant};
pub use record::{Record, Times};

/// The time between two checks of what is due.
const TICK: Duration = Duration::from_millis(20);

/// How many histories a client fetches at the same time. A browser opens as many connections to a
/// host.
const MAX_CONCURRENT_FETCHES: usize = 6;

impl Participant {
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

    fn into_record(self) -> Record {
        let observer = self.identity.name;
        let mut record = Record {
            attempts: Vec::new(),
            views: Vec::new(),
            trails: Vec::new(),
            given_up: Vec::new(),
            times: self.times,
        };
        for (id, room) in self.rooms {
            let settled = room.timeline.is_complete();
            let (shown, contradicted) = room.timeline.into_parts();
            record.views.push(View { observer: observer.clone(), room: id, settled, shown, contradicted });
            record.trails.extend(room.markers.into_trails(&observer, id));
            let (attempts, given_up) = room.outbox.into_attempts();
            record.given_up.extend(given_up.map(|why| format!("{observer} in room {id}: {why}")));
            record.attempts.extend(attempts);
        }
        record
    }
}
