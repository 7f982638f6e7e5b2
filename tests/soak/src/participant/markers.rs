//! The read markers of a room that a client knows. They only move forward.

use std::collections::BTreeMap;

use crate::history::{Marker, MarkerTrail};

/// Both sides' markers in one room.
#[derive(Default)]
pub(super) struct Markers {
    shown: BTreeMap<i64, i64>,
    received: BTreeMap<i64, Vec<Marker>>,
}

impl Markers {
    /// Returns the known marker of a side.
    pub(super) fn known(&self, reader: i64) -> i64 {
        self.shown.get(&reader).copied().unwrap_or_default()
    }

    /// Returns the known marker of the side that is not `reader`.
    pub(super) fn known_of_other(&self, reader: i64) -> i64 {
        self.shown.iter().find(|(id, _)| **id != reader).map_or(0, |(_, seq)| *seq)
    }

    /// Records a pushed marker, or a confirmed move of the own marker. A marker that is not newer
    /// is ignored, because a later push may have overtaken it.
    pub(super) fn on_push(&mut self, reader: i64, seq: i64) {
        if seq > self.known(reader) {
            self.record(reader, Marker { seq, at_least: 0 });
        }
    }

    /// Records a marker from a response. `at_least` is the marker that was known when the request
    /// was sent.
    pub(super) fn on_response(&mut self, reader: i64, seq: i64, at_least: i64) {
        self.record(reader, Marker { seq, at_least });
    }

    fn record(&mut self, reader: i64, marker: Marker) {
        let shown = self.shown.entry(reader).or_default();
        *shown = marker.seq.max(*shown);
        self.received.entry(reader).or_default().push(marker);
    }

    pub(super) fn into_trails(self, observer: &str, room: i64) -> impl Iterator<Item = MarkerTrail> {
        let trail =
            move |(reader, received)| MarkerTrail { observer: observer.to_owned(), room, reader, received };
        self.received.into_iter().map(trail)
    }
}
