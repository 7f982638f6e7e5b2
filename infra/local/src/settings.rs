//! The limits of the cloud. The defaults are AWS's; tests use shorter ones.

use std::time::Duration;

/// Limits, and choices where AWS does not document its behaviour (marked \[U\]).
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region in ARNs, host names and the functions' environment.
    pub region: String,
    /// The maximum number of processes of a function. A call that would need another one is
    /// throttled.
    pub environments: usize,
    /// How long a process may take until it asks for its first event.
    pub init_limit: Duration,
    /// How long a process may wait for an event until it is ended. The check runs ten times in this
    /// time.
    pub idle_environment_limit: Duration,
    /// The length of a schedule's minute: in its rate, and in the 1 and 2 minutes before a failed
    /// call is retried.
    pub schedule_minute: Duration,
    /// The maximum size of an event, in bytes.
    pub event_limit: usize,
    /// The maximum size of a function's response, in bytes.
    pub answer_limit: usize,
    /// The maximum size of an HTTP request's body, in bytes.
    pub http_body_limit: usize,
    /// How long the HTTP API waits for a function.
    pub http_integration_limit: Duration,
    /// \[U\] The body of the HTTP API's 503 after that time.
    pub http_timeout_body: String,
    /// How long the WebSocket API waits for a function.
    pub websocket_integration_limit: Duration,
    /// How long a connection may be open without a message in either direction.
    pub idle_limit: Duration,
    /// How long a connection may be open.
    pub lifetime_limit: Duration,
    /// \[U\] The closing code at the idle limit and at the lifetime limit.
    pub expired_close_code: u16,
    /// \[U\] The closing code after `DELETE @connections`.
    pub deleted_close_code: u16,
    /// The maximum number of new WebSocket connections per second. Further ones get 429.
    pub connects_per_second: u32,
    /// The maximum size of a WebSocket frame, in bytes.
    pub frame_limit: usize,
    /// The maximum size of a WebSocket message, in bytes.
    pub message_limit: usize,
    /// The maximum length of a WebSocket URL, in characters.
    pub url_limit: usize,
    /// \[U\] The maximum number of messages of one connection that are processed at the same time.
    /// 1 keeps their order.
    pub parallel_frames: usize,
    /// \[U\] The maximum number of messages that wait for a slow client. A further `POST
    /// @connections` gets 429.
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
