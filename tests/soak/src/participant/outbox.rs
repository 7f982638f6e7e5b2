//! The messages that a client sends to a room, one at a time. Each is sent again with the same
//! `clientMessageId` until it is acknowledged.

use std::time::{Duration, Instant};

use fastrand::Rng;
use uuid::Uuid;

use crate::history::{Attempt, Place};

/// How long a client waits for the first acknowledgement before it sends again. The time grows by
/// half with each send.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest time to wait for an acknowledgement.
const MAX_ACK_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a client waits after a temporary error.
const RETRY_DELAY: Duration = Duration::from_millis(300);

/// The messages that one client sends to one room.
pub(super) struct Outbox {
    room: i64,
    sender: i64,
    name: String,
    attempts: Vec<Attempt>,
    state: State,
}

/// The state of the last message.
enum State {
    /// There is no message yet.
    New,
    /// The message is acknowledged; the next one is written at `until`.
    Thinking { until: Instant },
    /// The message is not acknowledged; it is sent (again) at `until`.
    Waiting { until: Instant },
    /// The message is in an HTTP request.
    Posting,
    /// The message was rejected with a permanent error.
    Stuck(String),
}

impl Outbox {
    pub(super) fn new(room: i64, sender: i64, name: &str) -> Self {
        Self { room, sender, name: name.to_owned(), attempts: Vec::new(), state: State::New }
    }

    /// Sets the time at which the first message is written.
    pub(super) fn begin(&mut self, at: Instant) {
        self.state = State::Thinking { until: at };
    }

    /// Returns whether it is time to write another message.
    pub(super) fn wants_more(&self, now: Instant) -> bool {
        matches!(self.state, State::Thinking { until } if now >= until)
    }

    /// Returns whether no message waits for an acknowledgement.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.state, State::New | State::Thinking { .. } | State::Stuck(_))
    }

    /// Writes a message, which is due immediately.
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

    /// Returns the message if it has to be sent (again) now.
    pub(super) fn due(&self, now: Instant) -> Option<&Attempt> {
        if matches!(self.state, State::Waiting { until } if now >= until) {
            self.attempts.last()
        } else {
            None
        }
    }

    /// Notes that the message was sent over WebSocket.
    pub(super) fn sent(&mut self, rng: &mut Rng, now: Instant) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.sends += 1;
            let factor = 1.5_f64.powi(attempt.sends.min(10).cast_signed() - 1);
            let timeout = ACK_TIMEOUT.mul_f64(factor).min(MAX_ACK_TIMEOUT);
            self.state = State::Waiting { until: now + timeout.mul_f64(0.75 + rng.f64() / 2.0) };
        }
    }

    /// Notes that the message was sent over HTTP. The response decides when it is sent again.
    pub(super) fn posted(&mut self) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.sends += 1;
            self.state = State::Posting;
        }
    }

    /// Makes an unacknowledged message due: it may have been lost with the previous connection.
    pub(super) fn resend_now(&mut self, now: Instant) {
        if let State::Waiting { until } = &mut self.state {
            *until = now.min(*until);
        }
    }

    /// Postpones a message that could not be sent.
    pub(super) fn postpone(&mut self, until: Instant) {
        self.state = State::Waiting { until };
    }

    /// Handles a temporary error or an unknown outcome: the message is sent again soon.
    pub(super) fn failed(&mut self, client_message_id: Uuid, rng: &mut Rng, now: Instant) {
        if self.is_open(client_message_id) {
            self.state = State::Waiting { until: now + RETRY_DELAY.mul_f64(0.5 + rng.f64()) };
        }
    }

    /// Handles a permanent error.
    pub(super) fn rejected(&mut self, client_message_id: Uuid, why: &str) {
        if self.is_open(client_message_id) {
            self.state = State::Stuck(why.to_owned());
        }
    }

    /// Handles an acknowledgement. The first one for the current message allows the next message at
    /// `next_at`. Returns the content of the message and whether this was its first
    /// acknowledgement, or `None` for an unknown message.
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

    /// Returns all messages, and the reason if the last one was given up.
    pub(super) fn into_attempts(self) -> (Vec<Attempt>, Option<String>) {
        let given_up = match self.state {
            State::New | State::Thinking { .. } => None,
            State::Waiting { .. } | State::Posting => Some("no acknowledgement".to_owned()),
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
    fn message_is_sent_again_until_acknowledged_and_then_the_next() {
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
        assert_eq!(outbox.acknowledged(id, PLACE, now), Some(("하나", false)), "of a repeated frame");
        assert!(outbox.wants_more(now));
        let (attempts, given_up) = outbox.into_attempts();
        assert_eq!((attempts[0].sends, &attempts[0].acknowledged[..], given_up), (3, &[PLACE][..], None));
    }

    #[test]
    fn late_error_for_an_acknowledged_message_changes_nothing() {
        let (mut rng, now, id) = (Rng::with_seed(1), Instant::now(), Uuid::from_u128(1));
        let mut outbox = Outbox::new(1, 10, "tab");
        outbox.write(id, "하나".to_owned(), now);
        outbox.acknowledged(id, PLACE, now);
        outbox.failed(id, &mut rng, now);
        outbox.rejected(id, "room_not_found");
        assert!(outbox.is_empty() && outbox.into_attempts().1.is_none());
    }
}
