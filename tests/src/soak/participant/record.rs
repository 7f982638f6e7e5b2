//! What a client leaves behind.

use std::time::Duration;

use super::Participant;
use crate::soak::history::{Attempt, Trail, View};

/// What a client observed, and how long it took to be whole again.
pub struct Record {
    /// What it tried to send.
    pub attempts: Vec<Attempt>,
    /// What it ended up with, room by room.
    pub views: Vec<View>,
    /// What it was told of read markers.
    pub trails: Vec<Trail>,
    /// Why it gave up messages: none if it gave up none.
    pub given_up: Vec<String>,
    /// Its figures.
    pub times: Times,
}

/// The figures of one client, or of all.
#[derive(Debug, Default)]
pub struct Times {
    /// Pushed messages that came.
    pub pushes: u64,
    /// Connections that were lost.
    pub lost: u64,
    /// From noticing a missing number, or the loss of the connection, to being whole again.
    pub heals: Vec<Duration>,
    /// From the connection being back to being whole again.
    pub replays: Vec<Duration>,
}

impl Times {
    /// Adds another client's.
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
            let settled = room.timeline.is_whole();
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
