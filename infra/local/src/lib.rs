#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod clock;
mod cloud;
mod distribution;
mod error;
mod faults;
mod functions;
mod gateway;
mod guard;
mod http_api;
mod lambda;
mod listen;
mod log;
mod options;
mod postgres;
mod relay;
mod schedule;
mod secrets;
mod settings;
mod stack;
mod storage;
mod websocket;

pub use clock::{Clock, Turn};
pub use cloud::Cloud;
pub use error::StartError;
pub use faults::{Answer, Fault, Injection, Moment, Point, Tampering, Target};
pub use functions::program;
pub use lambda::{Called, Calls, Environment, EnvironmentState, InvokeError};
pub use log::LogLines;
pub use options::Options;
pub use postgres::{Database, PgBouncer, Postgres, PostgresOptions};
pub use relay::{Service, Traffic};
pub use settings::Settings;

/// Milliseconds since the epoch.
pub(crate) fn milliseconds(time: ::time::OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1000 + i64::from(time.millisecond())
}

/// Reads a whole number that is written as a number or as text.
pub(crate) fn number(value: &serde_json::Value) -> Option<usize> {
    match value {
        serde_json::Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
