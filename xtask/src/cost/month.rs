//! What a month of use comes to: frames, calls, gigabytes.

use chatchat_tests::Failure;

use super::prices::{CLASSES, Class, DAYS};
use crate::failure;

/// Connections that a message comes to: the sender's, which gets the ack, and the other side's, which gets the message.
const RECEIVERS: f64 = 2.0;
/// Read markers and `typing` frames that go with a message, together; each goes in once and to the other side once.
const OTHER_FRAMES: f64 = 1.0;
/// HTTP requests that go with a message: lists, histories, logins.
const HTTP_REQUESTS: f64 = 0.25;
/// Minutes between two heartbeats of a connection; each is answered.
const HEARTBEAT: f64 = 4.0;
/// Minutes after which a client connects again: a ticket and a history over HTTP, then `$connect` and `$disconnect`.
const RECONNECT: f64 = 100.0;
/// Sweeps run every five minutes.
const SWEEPS: f64 = DAYS * 24.0 * 12.0;
/// What a call takes, in seconds, and what a function has, in GB: most wait for one statement and a push.
const CALL_SECONDS: f64 = 0.020;
const CALL_GB: f64 = 0.25;
/// What a call writes to the log, ours and Lambda's own lines, and what a frame or an answer has, in bytes.
const LOG_BYTES: f64 = 800.0;
const FRAME_BYTES: f64 = 350.0;
const HTTP_BYTES: f64 = 2000.0;
/// What a message takes in the database with its indexes, in bytes.
const MESSAGE_BYTES: f64 = 350.0;
/// What a statement takes of the database's processor, in seconds, and how much more there are at the busiest hour than on average.
const STATEMENT_SECONDS: f64 = 0.001;
const PEAK_OF_MESSAGES: f64 = 5.0;
const PEAK_OF_CONNECTIONS: f64 = 2.0;
/// The storage that a database begins with.
pub const FIRST_GB: f64 = 20.0;

const GB: f64 = 1e9;
const MINUTES: f64 = DAYS * 24.0 * 60.0;

/// How much ChatChat is used.
#[derive(Clone, Copy)]
pub struct Load {
    pub messages_per_day: f64,
    /// Open at the same time, day and night.
    pub connections: f64,
}

/// What is paid for by use.
#[derive(Debug)]
pub struct Month {
    pub frames: f64,
    pub connection_minutes: f64,
    pub http_requests: f64,
    /// Requests and handshakes that the distribution takes.
    pub distribution_requests: f64,
    pub calls: f64,
    pub gb_seconds: f64,
    pub logged_gb: f64,
    pub out_gb: f64,
}

impl Month {
    /// Of messages alone, without what goes with them.
    pub fn of_messages(messages: f64) -> Self {
        Self::of(messages * (1.0 + RECEIVERS), messages * RECEIVERS, 0.0, messages)
    }

    pub fn new(load: Load) -> Self {
        let messages = load.messages_per_day * DAYS;
        let others = messages * OTHER_FRAMES;
        let minutes = load.connections * MINUTES;
        let heartbeats = minutes / HEARTBEAT;
        let reconnects = minutes / RECONNECT;
        let pushed = messages * RECEIVERS + others * (RECEIVERS - 1.0) + heartbeats;
        let came = messages + others + heartbeats;
        let http = messages * HTTP_REQUESTS + 2.0 * reconnects;
        let calls = came + http + 2.0 * reconnects + SWEEPS;
        Self {
            connection_minutes: minutes,
            distribution_requests: http + reconnects,
            ..Self::of(came + pushed, pushed, http, calls)
        }
    }

    fn of(frames: f64, pushed: f64, http: f64, calls: f64) -> Self {
        Self {
            frames,
            connection_minutes: 0.0,
            http_requests: http,
            distribution_requests: http,
            calls,
            gb_seconds: calls * CALL_SECONDS * CALL_GB,
            logged_gb: calls * LOG_BYTES / GB,
            out_gb: (pushed * FRAME_BYTES + http * HTTP_BYTES) / GB,
        }
    }
}

/// What messages take in the database, in GB.
pub fn stored_gb(messages: f64) -> f64 {
    messages * MESSAGE_BYTES / GB
}

/// The smallest database that carries the busiest hour; every call is one statement.
pub fn database(load: Load) -> Result<Class, Failure> {
    let calls = |load| (Month::new(load).calls - SWEEPS) / (MINUTES * 60.0);
    let of_messages = calls(Load { connections: 0.0, ..load }) * PEAK_OF_MESSAGES;
    let of_connections = calls(Load { messages_per_day: 0.0, ..load }) * PEAK_OF_CONNECTIONS;
    let needed = (of_messages + of_connections) * STATEMENT_SECONDS;
    CLASSES.into_iter().find(|class| class.baseline >= needed).ok_or_else(|| {
        failure(format!(
            "this takes about {needed:.0} processors of one database at the busiest hour; docs/operations.md says what then"
        ))
    })
}
