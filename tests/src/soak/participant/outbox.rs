//! What a client sends to a room: one message in flight, sent again under the same name until it is acknowledged.

use std::time::{Duration, Instant};

use fastrand::Rng;
use uuid::Uuid;

use crate::soak::history::{Attempt, Place};

/// How long a client waits for an acknowledgement before it sends again; half as long again each time, up to the longest.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(8);

/// How long a client waits after a refusal that can pass.
const AFTER_REFUSAL: Duration = Duration::from_millis(300);

/// The messages that one client sends to one room.
pub(super) struct Outbox {
    room: i64,
    sender: i64,
    name: String,
    attempts: Vec<Attempt>,
    state: State,
}

/// Of the last attempt.
enum State {
    /// There is none.
    New,
    /// It is done; the next message is written then.
    Thinking { until: Instant },
    /// It waits for an acknowledgement, until it is sent (again).
    Waiting { until: Instant },
    /// A request over HTTP carries it.
    Posting,
    /// It was refused for good.
    Stuck(String),
}

impl Outbox {
    pub(super) fn new(room: i64, sender: i64, name: &str) -> Self {
        Self { room, sender, name: name.to_owned(), attempts: Vec::new(), state: State::New }
    }

    /// The first message is written then.
    pub(super) fn begin(&mut self, at: Instant) {
        self.state = State::Thinking { until: at };
    }

    /// Whether it is time to write another message.
    pub(super) fn wants_more(&self, now: Instant) -> bool {
        matches!(self.state, State::Thinking { until } if now >= until)
    }

    /// Whether nothing waits for an acknowledgement.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.state, State::New | State::Thinking { .. } | State::Stuck(_))
    }

    /// Writes a message, which is due at once.
    pub(super) fn write(&mut self, client_message_id: Uuid, content: String, now: Instant) {
        self.attempts.push(Attempt {
            room: self.room,
            sender: self.sender,
            outbox: self.name.clone(),
            client_message_id,
            content,
            sends: 0,
            acknowledged: Vec::new(),
        });
        self.state = State::Waiting { until: now };
    }

    /// The message to be sent (again) now.
    pub(super) fn due(&self, now: Instant) -> Option<&Attempt> {
        if matches!(self.state, State::Waiting { until } if now >= until) {
            self.attempts.last()
        } else {
            None
        }
    }

    /// It goes out over WebSocket.
    pub(super) fn sent(&mut self, rng: &mut Rng, now: Instant) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.sends += 1;
            let patience =
                PATIENCE.mul_f64(1.5_f64.powi(attempt.sends.min(10).cast_signed() - 1)).min(LONGEST);
            self.state = State::Waiting { until: now + patience.mul_f64(0.75 + rng.f64() / 2.0) };
        }
    }

    /// It goes out over HTTP, and the answer decides when it is sent again.
    pub(super) fn posted(&mut self) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.sends += 1;
            self.state = State::Posting;
        }
    }

    /// There is a new connection, and what was sent on the old one may have been lost with it.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let State::Waiting { until } = &mut self.state {
            *until = now.min(*until);
        }
    }

    /// It could not go out now.
    pub(super) fn postponed(&mut self, until: Instant) {
        self.state = State::Waiting { until };
    }

    /// A refusal that can pass, or a request whose fate is not known: to be sent again soon.
    pub(super) fn failed(&mut self, client_message_id: Uuid, rng: &mut Rng, now: Instant) {
        if self.is_open(client_message_id) {
            self.state = State::Waiting { until: now + AFTER_REFUSAL.mul_f64(0.5 + rng.f64()) };
        }
    }

    /// A refusal that no repeating will change.
    pub(super) fn refused(&mut self, client_message_id: Uuid, why: &str) {
        if self.is_open(client_message_id) {
            self.state = State::Stuck(why.to_owned());
        }
    }

    /// An acknowledgement; gives the content that it is for. The first one for the open message makes room for the next, at `next_at`.
    pub(super) fn acknowledged(&mut self, id: Uuid, place: Place, next_at: Instant) -> Option<(&str, bool)> {
        let open = self.is_open(id);
        let attempt = self.attempts.iter_mut().rev().find(|attempt| attempt.client_message_id == id)?;
        if !attempt.acknowledged.contains(&place) {
            attempt.acknowledged.push(place);
        }
        if open {
            self.state = State::Thinking { until: next_at };
        }
        Some((&attempt.content, open))
    }

    fn is_open(&self, id: Uuid) -> bool {
        !self.is_empty() && self.attempts.last().is_some_and(|attempt| attempt.client_message_id == id)
    }

    /// All that was tried, and why the last one was given up, if it was.
    pub(super) fn into_attempts(self) -> (Vec<Attempt>, Option<String>) {
        let given_up = match self.state {
            State::New | State::Thinking { .. } => None,
            State::Waiting { .. } | State::Posting => Some("no acknowledgement came".to_owned()),
            State::Stuck(why) => Some(why),
        };
        (self.attempts, given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { seq: 2, id: 7 };

    #[test]
    fn a_message_is_sent_again_under_its_name_until_it_is_acknowledged_and_only_then_the_next() {
        let (mut rng, now, id) = (Rng::with_seed(1), Instant::now(), Uuid::from_u128(1));
        let mut outbox = Outbox::new(1, 10, "tab");
        assert!(!outbox.wants_more(now));
        outbox.begin(now);
        assert!(outbox.wants_more(now));
        outbox.write(id, "하나".to_owned(), now);
        for _ in 0..3 {
            assert!(!outbox.wants_more(now) && !outbox.is_empty());
            assert_eq!(outbox.due(now).map(|attempt| attempt.client_message_id), Some(id));
            outbox.sent(&mut rng, now);
            assert!(outbox.due(now).is_none(), "it waits");
            outbox.failed(id, &mut rng, now.checked_sub(Duration::from_secs(1)).unwrap());
        }
        assert_eq!(outbox.acknowledged(id, PLACE, now), Some(("하나", true)));
        assert_eq!(outbox.acknowledged(id, PLACE, now), Some(("하나", false)), "the doubled frame's");
        assert!(outbox.wants_more(now));
        let (attempts, given_up) = outbox.into_attempts();
        assert_eq!((attempts[0].sends, &attempts[0].acknowledged[..], given_up), (3, &[PLACE][..], None));
    }

    #[test]
    fn a_late_refusal_of_an_acknowledged_message_changes_nothing() {
        let (mut rng, now, id) = (Rng::with_seed(1), Instant::now(), Uuid::from_u128(1));
        let mut outbox = Outbox::new(1, 10, "tab");
        outbox.write(id, "하나".to_owned(), now);
        outbox.acknowledged(id, PLACE, now);
        outbox.failed(id, &mut rng, now);
        outbox.refused(id, "room_not_found");
        assert!(outbox.is_empty() && outbox.into_attempts().1.is_none());
    }
}
