//! The checker. It counts violations of six kinds, which must not occur whatever fault is injected.
//!
//! The rules, for each room. A *view* is what one observer (a client) saw; the *history* is what
//! the database contains at the end.
//!
//! - **lost**: a message was acknowledged and is not in the history. A message that was never
//!   acknowledged may be in the history or not.
//! - **duplicated**: a `clientMessageId` of one sender has two seqs anywhere, or a view contains a
//!   seq twice.
//! - **diverging**: two of the history, the acknowledgements and the views have different messages
//!   at one seq. Also counted: a message in a view that is not in the history, and a message in the
//!   history that no client sent or that was sent with another content.
//! - **inverted**: a view shows a message after one with a higher seq; or a message has a lower seq
//!   than a message that the same client wrote to the room before.
//! - **undetected gap**: a seq of the history is missing in a view that its observer considered
//!   complete.
//! - **marker regression**: an observer received a lower read marker than it knew, or the marker in
//!   the database is lower at the end than one that an observer received.

mod messages;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use super::history::History;

/// The number of examples in the report for each kind of violation.
const MAX_EXAMPLES: usize = 3;

/// The violations of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number of violations.
    pub number: u64,
    /// Descriptions of the first violations.
    pub examples: Vec<String>,
}

impl Count {
    fn add(&mut self, example: impl FnOnce() -> String) {
        self.number += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example());
        }
    }
}

/// The violations that the checker found; see the module's documentation for the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged messages that are not in the history.
    pub lost: Count,
    /// Messages with two seqs.
    pub duplicated: Count,
    /// Seqs with two messages.
    pub diverging: Count,
    /// Messages that are not in the order of seq.
    pub inverted: Count,
    /// Missing seqs in views that were considered complete.
    pub undetected_gaps: Count,
    /// Read markers that moved back.
    pub marker_regressions: Count,
}

impl Verdict {
    /// Returns the six counts with their names.
    pub fn counts(&self) -> [(&'static str, &Count); 6] {
        [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("diverging", &self.diverging),
            ("inverted", &self.inverted),
            ("undetected gaps", &self.undetected_gaps),
            ("marker regressions", &self.marker_regressions),
        ]
    }

    /// Returns whether there is no violation.
    pub fn holds(&self) -> bool {
        self.counts().iter().all(|(_, count)| count.number == 0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.counts() {
            writeln!(formatter, "{name:<20} {:>8}", count.number)?;
            for example in &count.examples {
                writeln!(formatter, "    {example}")?;
            }
        }
        Ok(())
    }
}

/// Checks the history of a run against the rules.
pub fn check(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    messages::check(history, &mut verdict);
    markers(history, &mut verdict.marker_regressions);
    verdict
}

fn markers(history: &History, regressions: &mut Count) {
    let mut highest: BTreeMap<(i64, i64), (i64, &str)> = BTreeMap::new();
    for trail in &history.trails {
        for marker in &trail.received {
            if marker.seq < marker.at_least {
                regressions.add(|| {
                    format!(
                        "room {}: {} knew {}'s marker at {} and then received {}",
                        trail.room, trail.observer, trail.reader, marker.at_least, marker.seq
                    )
                });
            }
            let highest = highest.entry((trail.room, trail.reader)).or_default();
            if marker.seq > highest.0 {
                *highest = (marker.seq, &trail.observer);
            }
        }
    }
    for ((room, reader), (seq, observer)) in highest {
        let ended = history.stored.get(&room).and_then(|stored| stored.markers.get(&reader)).copied();
        if ended.unwrap_or_default() < seq {
            regressions.add(|| {
                format!(
                    "room {room}: {observer} received {reader}'s marker at {seq}, but it is {ended:?} at the end"
                )
            });
        }
    }
}
