//! The record of a client at the end of a run.

use std::time::Duration;

use crate::history::{Attempt, MarkerTrail, View};

/// The observations and measurements of a client.
pub struct Record {
    /// The messages that the client sent.
    pub attempts: Vec<Attempt>,
    /// The messages that the client has, for each room.
    pub views: Vec<View>,
    /// The read markers that the client received.
    pub trails: Vec<MarkerTrail>,
    /// The reasons for messages that were given up.
    pub given_up: Vec<String>,
    /// The measurements.
    pub times: Times,
}

/// The measurements of one client, or of all clients.
#[derive(Debug, Default)]
pub struct Times {
    /// The number of pushed messages.
    pub pushes: u64,
    /// The number of lost connections.
    pub lost: u64,
    /// The times from detecting a gap or losing the connection until the client had all messages.
    pub heals: Vec<Duration>,
    /// The times from reconnecting until the client had all messages.
    pub replays: Vec<Duration>,
}

impl Times {
    /// Adds the measurements of another client.
    pub fn add(&mut self, other: Self) {
        self.pushes += other.pushes;
        self.lost += other.lost;
        self.heals.extend(other.heals);
        self.replays.extend(other.replays);
    }
}
