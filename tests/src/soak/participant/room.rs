//! One room of a client: its messages, its markers, and what the client sends to it.

use std::time::{Duration, Instant};

use super::{markers::Markers, outbox::Outbox, timeline::Timeline};

/// How long a client waits when its fetch failed or did not help.
const AGAIN: Duration = Duration::from_millis(250);

/// A room that is open in a client.
pub(super) struct Room {
    pub(super) id: i64,
    pub(super) timeline: Timeline,
    pub(super) markers: Markers,
    pub(super) outbox: Outbox,
    /// Whether its history is being asked for.
    pub(super) fetching: bool,
    not_before: Instant,
}

impl Room {
    pub(super) fn new(id: i64, account: i64, client: &str) -> Self {
        Self {
            id,
            timeline: Timeline::new(),
            markers: Markers::default(),
            outbox: Outbox::new(id, account, client),
            fetching: false,
            not_before: Instant::now(),
        }
    }

    /// Whether its history is to be asked for now.
    pub(super) fn wants_history(&self, now: Instant) -> bool {
        let incomplete = self.timeline.is_unsure() || self.timeline.has_gap(now);
        incomplete && !self.fetching && now >= self.not_before
    }

    /// The last fetch failed or did not help: the next one waits a little.
    pub(super) fn wait(&mut self, now: Instant) {
        self.not_before = now + AGAIN;
    }
}
