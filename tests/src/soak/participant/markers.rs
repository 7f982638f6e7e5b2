//! The read markers of a room as a client knows them: they only go forward.

use std::collections::BTreeMap;

use crate::soak::history::{Marker, Trail};

/// Both sides' markers in one room.
#[derive(Default)]
pub(super) struct Markers {
    shown: BTreeMap<i64, i64>,
    told: BTreeMap<i64, Vec<Marker>>,
}

impl Markers {
    /// Where a side's marker is known to stand.
    pub(super) fn known(&self, reader: i64) -> i64 {
        self.shown.get(&reader).copied().unwrap_or_default()
    }

    /// Where the marker of the side that is not `reader`'s is known to stand.
    pub(super) fn known_of_other(&self, reader: i64) -> i64 {
        self.shown.iter().find(|(id, _)| **id != reader).map_or(0, |(_, seq)| *seq)
    }

    /// A marker was pushed, or a move of one's own was confirmed. One that another overtook is passed over.
    pub(super) fn heard(&mut self, reader: i64, seq: i64) {
        if seq > self.known(reader) {
            self.note(reader, Marker { seq, at_least: 0 });
        }
    }

    /// A marker was asked for when it was known to stand at `at_least`.
    pub(super) fn answered(&mut self, reader: i64, seq: i64, at_least: i64) {
        self.note(reader, Marker { seq, at_least });
    }

    fn note(&mut self, reader: i64, marker: Marker) {
        let shown = self.shown.entry(reader).or_default();
        *shown = marker.seq.max(*shown);
        self.told.entry(reader).or_default().push(marker);
    }

    pub(super) fn into_trails(self, observer: &str, room: i64) -> impl Iterator<Item = Trail> {
        let trail = move |(reader, told)| Trail { observer: observer.to_owned(), room, reader, told };
        self.told.into_iter().map(trail)
    }
}
