//! A client's connection: up, being opened, or lost until the jitter is over; and its heartbeat.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Participant, Phase, room::Room};
use crate::{Failure, Socket};

/// Full jitter: a random time below this, doubled with each failure up to the longest.
const BASE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// The time between heartbeats; 4 minutes in earnest.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// How long a heartbeat may stay without an answer. The second one in a row means that the connection is dead.
const UNANSWERED: Duration = Duration::from_secs(4);

/// The connection of a client.
pub(super) struct Link {
    state: State,
    failures: u32,
    /// Since when the client is without a connection, or has one and has not caught up yet.
    pub(super) lost_at: Option<Instant>,
    /// When the connection was back.
    pub(super) back_at: Option<Instant>,
}

enum State {
    Down { until: Instant },
    Opening,
    Up { socket: Box<Socket>, beat: Beat },
}

/// What is to be done about the heartbeat.
enum Next {
    Nothing,
    Send,
    /// The connection is dead.
    GiveUp,
}

/// The heartbeat of a connection.
struct Beat {
    due: Instant,
    /// The one that waits for its answer: since when, and whether it was sent when nobody writes anything.
    open: Option<(Instant, bool)>,
    unanswered: u32,
}

impl Link {
    pub(super) fn new(now: Instant) -> Self {
        Self { state: State::Down { until: now }, failures: 0, lost_at: None, back_at: None }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        matches!(self.state, State::Down { until } if now >= until)
    }

    pub(super) fn opening(&mut self) {
        self.state = State::Opening;
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    pub(super) fn up(&mut self, socket: Box<Socket>, now: Instant) {
        self.failures = 0;
        self.back_at = self.lost_at.is_some().then_some(now);
        let beat = Beat { due: now + HEARTBEAT / 8, open: None, unanswered: 0 };
        self.state = State::Up { socket, beat };
    }

    /// The connection is gone, or none could be had. Whatever is left of it is cut without a closing frame.
    pub(super) fn down(&mut self, rng: &mut Rng, now: Instant) {
        if self.is_up() {
            self.lost_at.get_or_insert(now);
        }
        let longest = BASE.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures += 1;
        self.state = State::Down { until: now + longest.mul_f64(rng.f64()) };
    }

    /// The next event; none when the connection has ended. Waits for ever without a connection.
    pub(super) async fn event(&mut self) -> Option<Value> {
        match &mut self.state {
            State::Up { socket, .. } => socket.receive().await,
            State::Down { .. } | State::Opening => pending().await,
        }
    }

    /// Sends a frame; false when there is no connection, or it does not take the frame.
    pub(super) async fn send(&mut self, frame: &Value) -> bool {
        let State::Up { socket, .. } = &mut self.state else { return false };
        matches!(timeout(Duration::from_secs(1), socket.send(frame)).await, Ok(Ok(())))
    }

    /// The server answers. Gives whether this answers a heartbeat that was sent to settle.
    pub(super) fn alive(&mut self) -> bool {
        let State::Up { beat, .. } = &mut self.state else { return false };
        beat.unanswered = 0;
        beat.open.take().is_some_and(|(_, settling)| settling)
    }

    fn next(&mut self, settling: bool, rng: &mut Rng, now: Instant) -> Next {
        let State::Up { beat, .. } = &mut self.state else { return Next::Nothing };
        if beat.open.is_some_and(|(since, _)| now >= since + UNANSWERED) {
            beat.open = None;
            beat.unanswered += 1;
            beat.due = now;
        }
        if beat.unanswered >= 2 {
            return Next::GiveUp;
        }
        if beat.open.is_some() || now < beat.due {
            return Next::Nothing;
        }
        beat.open = Some((now, settling));
        beat.due = now + HEARTBEAT.mul_f64(0.75 + rng.f64() / 2.0);
        Next::Send
    }
}

impl Participant {
    /// A connection was asked for.
    pub(super) fn opened(&mut self, opened: Result<Box<Socket>, Failure>) {
        let now = Instant::now();
        match opened {
            Ok(socket) => {
                self.connection += 1;
                self.link.up(socket, now);
                for room in self.rooms.values_mut() {
                    room.timeline.doubt();
                    room.outbox.hurry(now);
                }
            }
            Err(_) => self.link.down(&mut self.rng, now),
        }
    }

    /// The connection is gone, or is cut here.
    pub(super) fn lose(&mut self) {
        self.link.down(&mut self.rng, Instant::now());
        self.times.lost += 1;
        self.settled(false);
    }

    /// Tells the server what this client has, when it is time.
    pub(super) async fn beat(&mut self, now: Instant) {
        let settling = [Phase::Arriving, Phase::Settling].contains(&self.phase());
        let next = self.link.next(settling, &mut self.rng, now);
        let lost = match next {
            Next::Nothing => false,
            Next::Send => {
                let position = |room: &Room| json!({ "roomId": room.id, "lastSeq": room.timeline.last() });
                let rooms: Vec<Value> = self.rooms.values().map(position).collect();
                !self.link.send(&json!({ "action": "heartbeat", "rooms": rooms })).await
            }
            Next::GiveUp => true,
        };
        if lost {
            self.lose();
        }
    }
}
