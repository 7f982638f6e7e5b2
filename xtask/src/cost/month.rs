//! The use of a month: frames, calls, gigabytes.

use chatchat_harness::Failure;

use super::prices::{CLASSES, Class, DAYS};
use crate::failure;

/// Connections that receive a frame for a message: the sender's (`ack`) and the other side's
/// (`message`).
const RECEIVERS: f64 = 2.0;
/// Read markers and `typing` frames per message. Each is received once and pushed to the other side
/// once.
const OTHER_FRAMES: f64 = 1.0;
/// HTTP requests per message: lists, histories, logins.
const HTTP_REQUESTS: f64 = 0.25;
/// Minutes between two heartbeats of a connection. Each gets an answer.
const HEARTBEAT: f64 = 4.0;
/// Minutes until a client reconnects, with a ticket and a history over HTTP, `$connect` and
/// `$disconnect`.
const RECONNECT: f64 = 100.0;
/// The number of sweeps, one every five minutes, and of deletions of pictures, one every hour.
const SWEEPS: f64 = DAYS * 24.0 * (12.0 + 1.0);
/// The number of calls per month that keep a function warm, one every five minutes.
const WARM_CALLS: f64 = DAYS * 24.0 * 12.0;
/// The duration of such a call in seconds; it does no work.
const WARM_SECONDS: f64 = 0.002;
/// The duration of a call in seconds (most calls wait for one statement and a push), and the memory
/// of a function in GB.
const CALL_SECONDS: f64 = 0.020;
const CALL_GB: f64 = 0.25;
/// The number of functions, the hours after which Lambda replaces an environment, the secrets that a
/// new environment reads, and the duration of its start in seconds, which is billed like a call. Each
/// function that is kept warm always has an environment. In a month with few calls, each call is
/// assumed to start another; in others, each function always has one.
pub(super) const FUNCTIONS: f64 = 55.0;
const ENVIRONMENT_HOURS: f64 = 2.0;
const SECRETS_READ: f64 = 2.0;
const START_SECONDS: f64 = 0.15;
/// The size in bytes of a call's log lines (including Lambda's own), of a frame, and of an HTTP
/// response.
const LOG_BYTES: f64 = 800.0;
const FRAME_BYTES: f64 = 350.0;
const HTTP_BYTES: f64 = 2000.0;
/// The size of a message in the database, with its indexes, in bytes.
const MESSAGE_BYTES: f64 = 350.0;
/// The CPU time of a statement in the database, in seconds, and the ratio of the busiest hour to
/// the average.
const STATEMENT_SECONDS: f64 = 0.001;
const PEAK_OF_MESSAGES: f64 = 5.0;
const PEAK_OF_CONNECTIONS: f64 = 2.0;
/// The initial storage of a database.
pub const FIRST_GB: f64 = 20.0;

const GB: f64 = 1e9;
const MINUTES: f64 = DAYS * 24.0 * 60.0;

/// The load on ChatChat.
#[derive(Clone, Copy)]
pub struct Load {
    pub messages_per_day: f64,
    /// Open connections, on average.
    pub connections: f64,
    /// Functions that are kept warm.
    pub warm_functions: f64,
}

/// The use of everything that AWS charges by use.
#[derive(Debug)]
pub struct Month {
    pub frames: f64,
    pub connection_minutes: f64,
    pub http_requests: f64,
    /// HTTP requests and WebSocket handshakes through the distribution.
    pub distribution_requests: f64,
    pub calls: f64,
    pub gb_seconds: f64,
    /// Reads of secrets by new environments.
    pub secret_calls: f64,
    pub logged_gb: f64,
    pub out_gb: f64,
}

impl Month {
    /// The use of messages alone, without read markers, `typing` and HTTP requests.
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
        let started = |functions: f64| functions * DAYS * 24.0 / ENVIRONMENT_HOURS;
        let starts = (calls - SWEEPS + started(load.warm_functions)).min(started(FUNCTIONS));
        let warm = warm_calls(load);
        let seconds = calls * CALL_SECONDS + starts * START_SECONDS + warm * WARM_SECONDS;
        Self {
            connection_minutes: minutes,
            distribution_requests: http + reconnects,
            calls: calls + warm,
            gb_seconds: seconds * CALL_GB,
            secret_calls: starts * SECRETS_READ,
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
            secret_calls: 0.0,
            logged_gb: calls * LOG_BYTES / GB,
            out_gb: (pushed * FRAME_BYTES + http * HTTP_BYTES) / GB,
        }
    }
}

/// Returns the calls that keep functions warm. They log nothing and run no statement.
pub fn warm_calls(load: Load) -> f64 {
    load.warm_functions * WARM_CALLS
}

/// Returns the storage of messages in the database, in GB.
pub fn stored_gb(messages: f64) -> f64 {
    messages * MESSAGE_BYTES / GB
}

/// Returns the smallest database class that is sufficient in the busiest hour. Every call runs one
/// statement.
pub fn database(load: Load) -> Result<Class, Failure> {
    let calls = |load| (Month::new(load).calls - SWEEPS - warm_calls(load)) / (MINUTES * 60.0);
    let of_messages = calls(Load { connections: 0.0, ..load }) * PEAK_OF_MESSAGES;
    let of_connections = calls(Load { messages_per_day: 0.0, ..load }) * PEAK_OF_CONNECTIONS;
    let needed = (of_messages + of_connections) * STATEMENT_SECONDS;
    CLASSES.into_iter().find(|class| class.baseline >= needed).ok_or_else(|| {
        failure(format!(
            "the load needs about {needed:.0} processors of one database in the busiest hour, more than the largest class has; see \"Growing\" in docs/operations.md"
        ))
    })
}
