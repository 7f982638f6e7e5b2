//! A client's connection and its heartbeat. After a loss, the client reconnects with jitter.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use chatchat_harness::Socket;
use fastrand::Rng;
use serde_json::Value;
use tokio::time::timeout;

/// The limit of the first delay before reconnecting. The delay is random (full jitter), and its
/// limit doubles with each failure.
const BASE_DELAY: Duration = Duration::from_millis(100);
/// The highest limit of the delay.
const MAX_DELAY: Duration = Duration::from_secs(2);

/// The time between heartbeats. In the product it is 4 minutes.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// How long a client waits for the answer to a heartbeat. After two heartbeats in a row without an
/// answer, it closes the connection.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(4);

/// The connection of a client.
pub(super) struct Link {
    state: State,
    failures: u32,
    /// When the connection was lost. Set until the client has all messages again.
    pub(super) lost_at: Option<Instant>,
    /// When the client was connected again. Set until it has all messages again.
    pub(super) back_at: Option<Instant>,
}

enum State {
    Down { until: Instant },
    Opening,
    Up { socket: Box<Socket>, heartbeat: Heartbeat },
}

/// The next action of the heartbeat.
pub(super) enum Next {
    Nothing,
    Send,
    /// Close the connection, which does not work.
    GiveUp,
}

/// The heartbeat of a connection.
struct Heartbeat {
    due: Instant,
    /// The heartbeat without an answer yet: when it was sent, and whether in a phase without new
    /// messages.
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
        let heartbeat = Heartbeat { due: now + HEARTBEAT_INTERVAL / 8, open: None, unanswered: 0 };
        self.state = State::Up { socket, heartbeat };
    }

    /// Marks the connection as lost or failed and starts the delay. An open connection is closed
    /// without a close frame.
    pub(super) fn down(&mut self, rng: &mut Rng, now: Instant) {
        if self.is_up() {
            self.lost_at.get_or_insert(now);
        }
        let limit = BASE_DELAY.saturating_mul(1 << self.failures.min(10)).min(MAX_DELAY);
        self.failures += 1;
        self.state = State::Down { until: now + limit.mul_f64(rng.f64()) };
    }

    /// Waits for the next frame. Returns `None` when the connection has ended. Never returns while
    /// there is no connection.
    pub(super) async fn event(&mut self) -> Option<Value> {
        match &mut self.state {
            State::Up { socket, .. } => socket.receive().await,
            State::Down { .. } | State::Opening => pending().await,
        }
    }

    /// Sends a frame. Returns false if there is no connection or sending fails.
    pub(super) async fn send(&mut self, frame: &Value) -> bool {
        let State::Up { socket, .. } = &mut self.state else { return false };
        matches!(timeout(Duration::from_secs(1), socket.send(frame)).await, Ok(Ok(())))
    }

    /// Notes that the server answered. Returns whether this answers a heartbeat that was sent in a
    /// phase without new messages.
    pub(super) fn on_answer(&mut self) -> bool {
        let State::Up { heartbeat, .. } = &mut self.state else { return false };
        heartbeat.unanswered = 0;
        heartbeat.open.take().is_some_and(|(_, settling)| settling)
    }

    pub(super) fn next(&mut self, settling: bool, rng: &mut Rng, now: Instant) -> Next {
        let State::Up { heartbeat, .. } = &mut self.state else { return Next::Nothing };
        if heartbeat.open.is_some_and(|(since, _)| now >= since + HEARTBEAT_TIMEOUT) {
            heartbeat.open = None;
            heartbeat.unanswered += 1;
            heartbeat.due = now;
        }
        if heartbeat.unanswered >= 2 {
            return Next::GiveUp;
        }
        if heartbeat.open.is_some() || now < heartbeat.due {
            return Next::Nothing;
        }
        heartbeat.open = Some((now, settling));
        heartbeat.due = now + HEARTBEAT_INTERVAL.mul_f64(0.75 + rng.f64() / 2.0);
        Next::Send
    }
}
