//! The messages of a room as a client shows them: by seq, nothing before what comes before it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::soak::history::Seen;

/// How long a missing number may still come by itself: then it was overtaken by the one after it, and is no gap.
pub(super) const GRACE: Duration = Duration::from_millis(100);

/// What a client knows of a room's messages.
pub(super) struct Timeline {
    shown: Vec<Seen>,
    /// What came before its turn.
    early: BTreeMap<i64, Seen>,
    contradicted: Vec<Seen>,
    heard_of: i64,
    /// Whether this connection has not been compared with the server since it was made.
    unsure: bool,
    behind_since: Option<Instant>,
}

impl Timeline {
    /// An empty room, which the server has yet to be asked about.
    pub(super) fn new() -> Self {
        Self {
            shown: Vec::new(),
            early: BTreeMap::new(),
            contradicted: Vec::new(),
            heard_of: 0,
            unsure: true,
            behind_since: None,
        }
    }

    /// The newest seq up to which nothing is missing.
    pub(super) fn last(&self) -> i64 {
        self.shown.last().map_or(0, |message| message.seq)
    }

    /// Takes a message, from wherever it came. Gives how long the room had a gap, if this closes one.
    pub(super) fn learn(&mut self, message: Seen) -> Option<Duration> {
        self.heard_of = self.heard_of.max(message.seq);
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

    fn compare(&mut self, index: usize, message: Seen) {
        if self.shown.get(index).is_none_or(|known| differ(known, &message)) {
            self.contradicted.push(message);
        }
    }

    /// The server has messages up to this seq.
    pub(super) fn hear_of(&mut self, seq: i64) {
        self.heard_of = self.heard_of.max(seq);
        if self.is_behind() {
            self.behind_since.get_or_insert_with(Instant::now);
        }
    }

    /// There is a new connection: what was missed before it was registered is not known.
    pub(super) fn doubt(&mut self) {
        self.unsure = true;
    }

    /// The server was asked after the connection was registered, and had no more than this client has.
    pub(super) fn assure(&mut self) {
        self.unsure = false;
    }

    /// Whether a seq is known to be missing.
    pub(super) fn is_behind(&self) -> bool {
        self.heard_of > self.last()
    }

    /// Whether a seq is missing that will not come by itself.
    pub(super) fn has_gap(&self, now: Instant) -> bool {
        self.behind_since.is_some_and(|since| now >= since + GRACE)
    }

    /// Whether the server has yet to be asked.
    pub(super) fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// Whether this client holds the room for complete.
    pub(super) fn is_whole(&self) -> bool {
        !self.unsure && !self.is_behind()
    }

    /// What was shown, in order, and what contradicted it.
    pub(super) fn into_parts(self) -> (Vec<Seen>, Vec<Seen>) {
        (self.shown, self.contradicted)
    }
}

fn differ(one: &Seen, other: &Seen) -> bool {
    (one.id, one.sender, &one.content) != (other.id, other.sender, &other.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: i64) -> Seen {
        Seen { seq, id: 100 + seq, sender: 1, content: seq.to_string(), client_message_id: None }
    }

    fn seqs(timeline: Timeline) -> (Vec<i64>, usize) {
        let (shown, contradicted) = timeline.into_parts();
        (shown.iter().map(|message| message.seq).collect(), contradicted.len())
    }

    #[test]
    fn what_comes_early_waits_for_what_comes_before_it() {
        let mut timeline = Timeline::new();
        assert_eq!(timeline.learn(message(1)), None);
        assert_eq!(timeline.learn(message(3)), None);
        assert!(timeline.is_behind());
        assert_eq!(timeline.learn(message(2)), None, "it was only overtaken");
        assert!(!timeline.is_behind());
        assert_eq!(seqs(timeline), (vec![1, 2, 3], 0));
    }

    #[test]
    fn a_gap_is_one_that_lasts_and_when_it_closes_it_says_how_long_it_took() {
        let mut timeline = Timeline::new();
        timeline.learn(message(2));
        let noticed = Instant::now();
        assert!(!timeline.has_gap(noticed) && timeline.has_gap(noticed + GRACE));
        timeline.behind_since = noticed.checked_sub(GRACE * 3);
        assert!(timeline.learn(message(1)).is_some_and(|time| time >= GRACE * 3));
        assert!(!timeline.has_gap(noticed + GRACE));
    }

    #[test]
    fn what_comes_again_is_shown_once() {
        let mut timeline = Timeline::new();
        for seq in [1, 1, 3, 3, 2, 2, 3] {
            timeline.learn(message(seq));
        }
        assert_eq!(seqs(timeline), (vec![1, 2, 3], 0));
    }

    #[test]
    fn another_message_for_a_seq_that_is_taken_is_noted() {
        let mut timeline = Timeline::new();
        for id in [101, 999] {
            timeline.learn(Seen { id, ..message(1) });
        }
        timeline.learn(message(5));
        timeline.learn(Seen { content: "다른 말".to_owned(), ..message(5) });
        assert_eq!(seqs(timeline), (vec![1], 2));
    }

    #[test]
    fn a_room_is_whole_when_the_server_was_asked_and_nothing_is_known_to_be_missing() {
        let mut timeline = Timeline::new();
        timeline.learn(message(1));
        assert!(!timeline.is_whole(), "nobody was asked");
        timeline.assure();
        assert!(timeline.is_whole());
        timeline.hear_of(2);
        assert!(!timeline.is_whole());
        timeline.learn(message(2));
        assert!(timeline.is_whole());
        timeline.doubt();
        assert!(!timeline.is_whole(), "a new connection");
    }
}
