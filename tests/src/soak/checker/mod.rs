//! The six counts: what must not be, whatever failed on the way.
//!
//! The rules, for each room:
//!
//! - **lost**: a message that was acknowledged and is not in the history. One that was never acknowledged is unknown: it may be in
//!   the history or not.
//! - **duplicated**: one `clientMessageId` of a sender at two seqs, anywhere; or one seq twice in a view.
//! - **diverging**: one seq, two messages, between any two of the history, the acknowledgements and the observers. A message that an
//!   observer has and the history has not is one, and so is one in the history that nobody tried to send, or with another content.
//! - **inverted**: a message in a view after one with a higher seq; or a message with a lower seq than one of the same client that
//!   was acknowledged before this one was first sent.
//! - **undetected gap**: a seq of the history that is missing in the view of an observer that held it for complete.
//! - **marker regression**: a read marker that was told lower than the observer already knew it to be, or that ended lower than
//!   anybody was told.

mod messages;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use super::history::History;

/// How many examples of each count are kept for a person to read.
const EXAMPLES: usize = 3;

/// One of the six counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub number: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

impl Count {
    fn add(&mut self, example: impl FnOnce() -> String) {
        self.number += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }
}

/// What the checker found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged and not in the history.
    pub lost: Count,
    /// One message, two seqs.
    pub duplicated: Count,
    /// One seq, two messages.
    pub diverging: Count,
    /// Not in the order of seq.
    pub inverted: Count,
    /// Held for complete with a seq missing.
    pub undetected_gaps: Count,
    /// A read marker that went back.
    pub marker_regressions: Count,
}

impl Verdict {
    /// The six with their names.
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

    /// Whether all six are 0.
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

/// Holds a run against the rules.
pub fn check(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    messages::check(history, &mut verdict);
    markers(history, &mut verdict.marker_regressions);
    verdict
}

fn markers(history: &History, regressions: &mut Count) {
    let mut highest: BTreeMap<(i64, i64), (i64, &str)> = BTreeMap::new();
    for trail in &history.trails {
        for marker in &trail.told {
            if marker.seq < marker.at_least {
                regressions.add(|| {
                    format!(
                        "room {}: {} knew {}'s marker at {} and was then told {}",
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
        let ended = history.kept.get(&room).and_then(|kept| kept.markers.get(&reader)).copied();
        if ended.unwrap_or_default() < seq {
            regressions.add(|| {
                format!(
                    "room {room}: {observer} was told {reader}'s marker at {seq}, and it ended at {ended:?}"
                )
            });
        }
    }
}
