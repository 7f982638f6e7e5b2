//! The parameters of a run, and its progress.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{common::Common, faults::FaultSelection};

/// How long a run may continue beyond its length because a selected fault has not happened yet.
const MAX_EXTENSION: Duration = Duration::from_mins(3);

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The number of rooms.
    pub rooms: usize,
    /// How long messages are written.
    pub length: Length,
    /// The seed of all random choices.
    pub seed: u64,
    /// The faults to inject.
    pub faults: FaultSelection,
    /// How many messages per second all clients together would write without faults.
    pub rate: f64,
    /// The percentage of the clients that use the client library, `web/client`. The others are the
    /// clients in Rust.
    pub library_clients: u8,
}

/// How long messages are written. A run is extended while a selected fault has not happened.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// Until at least this many messages were written.
    Messages(u64),
    /// For this time.
    Time(Duration),
}

/// The progress of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The time since the first message.
    pub elapsed: Duration,
    /// Messages written.
    pub written: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
}

impl Progress {
    pub(super) fn of(common: &Common, started: Instant) -> Self {
        Self {
            elapsed: started.elapsed(),
            written: common.written.load(Ordering::Relaxed),
            acknowledged: common.acknowledged.load(Ordering::Relaxed),
        }
    }
}

impl Length {
    pub(super) fn is_reached(self, now: Progress) -> bool {
        match self {
            Self::Messages(messages) => now.written >= messages,
            Self::Time(time) => now.elapsed >= time,
        }
    }

    /// Returns whether the run is not extended any further for faults that have not happened.
    pub(super) fn max_extension_is_over(self, now: Progress) -> bool {
        match self {
            Self::Messages(_) => now.elapsed >= MAX_EXTENSION,
            Self::Time(time) => now.elapsed >= time + MAX_EXTENSION,
        }
    }
}
