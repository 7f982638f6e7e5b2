//! The limits of the cloud, with AWS's values as defaults; tests shorten them.

use std::time::Duration;

/// Limits and, where AWS's behaviour is not documented (marked \[U\]), choices.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region that ARNs, host names and the functions' environment name.
    pub region: String,
    /// Processes a function may have at a time; a call past that is throttled.
    pub environments: usize,
    /// How long a process may take until it asks for its first event.
    pub init_limit: Duration,
    /// How long a process may wait for an event until it is ended; it is looked for ten times in that long.
    pub idle_environment_limit: Duration,
    /// How long a minute of a schedule lasts: of its rate, and of the 1 and 2 minutes before a call that failed is tried again.
    pub schedule_minute: Duration,
    /// Bytes of an event.
    pub event_limit: usize,
    /// Bytes of a function's answer.
    pub answer_limit: usize,
    /// Bytes of an HTTP request's body.
    pub http_body_limit: usize,
    /// How long the HTTP API waits for a function.
    pub http_integration_limit: Duration,
    /// \[U\] What the HTTP API answers with status 503 when it has waited that long.
    pub http_timeout_body: String,
    /// How long the WebSocket API waits for a function.
    pub websocket_integration_limit: Duration,
    /// How long a connection may carry no message in either direction.
    pub idle_limit: Duration,
    /// How long a connection may last.
    pub lifetime_limit: Duration,
    /// \[U\] The closing code at the idle limit and at the end of the lifetime.
    pub expired_close_code: u16,
    /// \[U\] The closing code of a connection that `DELETE @connections` ends.
    pub deleted_close_code: u16,
    /// New WebSocket connections a second; 429 past that.
    pub connects_per_second: u32,
    /// Bytes of a WebSocket frame.
    pub frame_limit: usize,
    /// Bytes of a WebSocket message.
    pub message_limit: usize,
    /// Characters of a WebSocket URL.
    pub url_limit: usize,
    /// \[U\] Messages of one connection that are worked on at the same time; 1 keeps their order.
    pub parallel_frames: usize,
    /// \[U\] Messages that wait for a slow client; `POST @connections` is answered 429 past that.
    pub client_buffer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "ap-northeast-2".to_owned(),
            environments: 50,
            init_limit: Duration::from_secs(10),
            idle_environment_limit: Duration::from_mins(5),
            schedule_minute: Duration::from_mins(1),
            event_limit: 6 * 1024 * 1024,
            answer_limit: 6 * 1024 * 1024 + 100,
            http_body_limit: 10 * 1024 * 1024,
            http_integration_limit: Duration::from_secs(30),
            http_timeout_body: r#"{"message":"Service Unavailable"}"#.to_owned(),
            websocket_integration_limit: Duration::from_secs(29),
            idle_limit: Duration::from_mins(10),
            lifetime_limit: Duration::from_hours(2),
            expired_close_code: 1001,
            deleted_close_code: 1000,
            connects_per_second: 500,
            frame_limit: 32 * 1024,
            message_limit: 128 * 1024,
            url_limit: 4096,
            parallel_frames: 100,
            client_buffer: 128,
        }
    }
}
