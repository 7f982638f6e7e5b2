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
mod verdict;

use std::collections::BTreeMap;

pub use verdict::{Count, Verdict};

use crate::history::History;

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
