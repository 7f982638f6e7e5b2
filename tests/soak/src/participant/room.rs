//! One room of a client: messages, read markers and outbox.

use std::time::{Duration, Instant};

use super::{markers::Markers, outbox::Outbox, timeline::Timeline};

/// How long a client waits after a fetch that failed or returned no new messages.
const FETCH_DELAY: Duration = Duration::from_millis(250);

/// A room that is open in a client.
pub(super) struct Room {
    pub(super) id: i64,
    pub(super) timeline: Timeline,
    pub(super) markers: Markers,
    pub(super) outbox: Outbox,
    /// Whether a fetch of the history is running.
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

    /// Returns whether the history has to be fetched now.
    pub(super) fn wants_history(&self, now: Instant) -> bool {
        let incomplete = !self.timeline.is_verified() || self.timeline.has_gap(now);
        incomplete && !self.fetching && now >= self.not_before
    }

    /// Delays the next fetch, after one that failed or returned no new messages.
    pub(super) fn delay_fetch(&mut self, now: Instant) {
        self.not_before = now + FETCH_DELAY;
    }
}
