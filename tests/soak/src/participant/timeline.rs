//! The messages of a room that a client shows: ordered by seq, without gaps.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::history::SeenMessage;

/// How long a missing seq is not considered a gap, because its message may only have been
/// overtaken.
pub(super) const GRACE: Duration = Duration::from_millis(100);

/// The messages of a room that a client knows.
pub(super) struct Timeline {
    shown: Vec<SeenMessage>,
    /// Messages that arrived before one with a lower seq.
    early: BTreeMap<i64, SeenMessage>,
    contradicted: Vec<SeenMessage>,
    /// The newest seq that the server has, as far as the client knows.
    expected: i64,
    /// Whether a fetch since the last connect returned no unknown message.
    verified: bool,
    behind_since: Option<Instant>,
}

impl Timeline {
    /// Creates an empty timeline that is not verified.
    pub(super) fn new() -> Self {
        Self {
            shown: Vec::new(),
            early: BTreeMap::new(),
            contradicted: Vec::new(),
            expected: 0,
            verified: false,
            behind_since: None,
        }
    }

    /// Returns the newest seq up to which no message is missing.
    pub(super) fn last(&self) -> i64 {
        self.shown.last().map_or(0, |message| message.seq)
    }

    /// Adds a message from any source. If it closes a gap, returns how long the gap existed.
    pub(super) fn receive(&mut self, message: SeenMessage) -> Option<Duration> {
        self.expected = self.expected.max(message.seq);
        if message.seq <= self.last() {
            let index = usize::try_from(message.seq - 1).unwrap_or_default();
            self.compare(index, message);
        } else if let Some(known) = self.early.get(&message.seq) {
            if differ(known, &message) {
                self.contradicted.push(message);
            }
        } else {
            self.early.insert(message.seq, message);
        }
        while let Some(next) = self.early.remove(&(self.last() + 1)) {
            self.shown.push(next);
        }
        if self.is_behind() {
            self.behind_since.get_or_insert_with(Instant::now);
            return None;
        }
        self.behind_since.take().map(|since| since.elapsed()).filter(|time| *time > GRACE)
    }

    fn compare(&mut self, index: usize, message: SeenMessage) {
        if self.shown.get(index).is_none_or(|known| differ(known, &message)) {
            self.contradicted.push(message);
        }
    }

    /// Notes that the server has messages up to this seq.
    pub(super) fn expect_up_to(&mut self, seq: i64) {
        self.expected = self.expected.max(seq);
        if self.is_behind() {
            self.behind_since.get_or_insert_with(Instant::now);
        }
    }

    /// Notes that there is a new connection: messages may have been missed before it was
    /// registered.
    pub(super) fn mark_unverified(&mut self) {
        self.verified = false;
    }

    /// Notes that a fetch on the current connection returned no unknown message.
    pub(super) fn mark_verified(&mut self) {
        self.verified = true;
    }

    /// Returns whether a seq is known to be missing.
    pub(super) fn is_behind(&self) -> bool {
        self.expected > self.last()
    }

    /// Returns whether a seq has been missing for longer than [`GRACE`].
    pub(super) fn has_gap(&self, now: Instant) -> bool {
        self.behind_since.is_some_and(|since| now >= since + GRACE)
    }

    /// Returns whether a fetch since the last connect returned no unknown message.
    pub(super) fn is_verified(&self) -> bool {
        self.verified
    }

    /// Returns whether this client considers the room complete.
    pub(super) fn is_complete(&self) -> bool {
        self.verified && !self.is_behind()
    }

    /// Returns the shown messages in order, and the messages that contradict them.
    pub(super) fn into_parts(self) -> (Vec<SeenMessage>, Vec<SeenMessage>) {
        (self.shown, self.contradicted)
    }
}

fn differ(one: &SeenMessage, other: &SeenMessage) -> bool {
    (one.id, one.sender, &one.content) != (other.id, other.sender, &other.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: i64) -> SeenMessage {
        SeenMessage { seq, id: 100 + seq, sender: 1, content: seq.to_string(), client_message_id: None }
    }

    fn seqs(timeline: Timeline) -> (Vec<i64>, usize) {
        let (shown, contradicted) = timeline.into_parts();
        (shown.iter().map(|message| message.seq).collect(), contradicted.len())
    }

    #[test]
    fn early_message_waits_for_those_before_it() {
        let mut timeline = Timeline::new();
        assert_eq!(timeline.receive(message(1)), None);
        assert_eq!(timeline.receive(message(3)), None);
        assert!(timeline.is_behind());
        assert_eq!(timeline.receive(message(2)), None, "it was only overtaken");
        assert!(!timeline.is_behind());
        assert_eq!(seqs(timeline), (vec![1, 2, 3], 0));
    }

    #[test]
    fn gap_starts_after_the_grace_time_and_its_length_is_returned() {
        let mut timeline = Timeline::new();
        timeline.receive(message(2));
        let noticed = Instant::now();
        assert!(!timeline.has_gap(noticed) && timeline.has_gap(noticed + GRACE));
        timeline.behind_since = noticed.checked_sub(GRACE * 3);
        assert!(timeline.receive(message(1)).is_some_and(|time| time >= GRACE * 3));
        assert!(!timeline.has_gap(noticed + GRACE));
    }

    #[test]
    fn repeated_message_is_shown_once() {
        let mut timeline = Timeline::new();
        for seq in [1, 1, 3, 3, 2, 2, 3] {
            timeline.receive(message(seq));
        }
        assert_eq!(seqs(timeline), (vec![1, 2, 3], 0));
    }

    #[test]
    fn second_message_for_a_seq_is_recorded_as_contradiction() {
        let mut timeline = Timeline::new();
        for id in [101, 999] {
            timeline.receive(SeenMessage { id, ..message(1) });
        }
        timeline.receive(message(5));
        timeline.receive(SeenMessage { content: "다른 말".to_owned(), ..message(5) });
        assert_eq!(seqs(timeline), (vec![1], 2));
    }

    #[test]
    fn room_is_complete_if_verified_and_not_behind() {
        let mut timeline = Timeline::new();
        timeline.receive(message(1));
        assert!(!timeline.is_complete(), "not verified");
        timeline.mark_verified();
        assert!(timeline.is_complete());
        timeline.expect_up_to(2);
        assert!(!timeline.is_complete());
        timeline.receive(message(2));
        assert!(timeline.is_complete());
        timeline.mark_unverified();
        assert!(!timeline.is_complete(), "a new connection");
    }
}
