//! The record of a client at the end of a run.

use std::time::Duration;

use super::Participant;
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

impl Participant {
    pub(super) fn into_record(self) -> Record {
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
