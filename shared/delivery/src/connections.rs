//! Sends frames to connections through API Gateway's management API.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_apigatewaymanagement::{
    Client,
    config::Builder,
    operation::{delete_connection::DeleteConnectionError, post_to_connection::PostToConnectionError},
    primitives::Blob,
};
use chatchat_domain::{ConnectionId, Event, causes};
use futures_util::{StreamExt, stream};
use tokio::time::{sleep, timeout};

/// The time limit for all pushes of one call. A client that misses a push detects the gap in the
/// seqs.
const FAN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

/// The maximum number of concurrent pushes.
const MAX_CONCURRENT_PUSHES: usize = 128;

/// The pauses before the attempts to close a connection: longer than `$connect` needs to return
/// after it has stored the connection.
const OPENING_DELAYS: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(400)];

/// The open connections of the WebSocket API.
pub struct Connections {
    client: Client,
    micros: AtomicU64,
}

/// The outcome of one push.
enum PushOutcome {
    Delivered,
    Gone(ConnectionId),
    /// The causes of the failure.
    Failed(String),
}

impl Connections {
    /// `endpoint` is the URL of the management API, with the stage if the host is API Gateway's
    /// own.
    pub fn new(aws: &SdkConfig, endpoint: &str) -> Self {
        let retry = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_millis(400));
        let timeout = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(2))
            .build();
        let config =
            Builder::from(aws).endpoint_url(endpoint).retry_config(retry).timeout_config(timeout).build();
        Self { client: Client::from_conf(config), micros: AtomicU64::default() }
    }

    /// Pushes each event to its connections, for at most 3 seconds. Returns the connections for
    /// which API Gateway answers 410.
    pub async fn push(&self, frames: &[(&[ConnectionId], Event)]) -> Vec<ConnectionId> {
        let started = Instant::now();
        let mut pushes = Vec::new();
        for (connections, event) in frames {
            match serde_json::to_vec(event) {
                Ok(frame) => {
                    pushes.extend(connections.iter().map(|connection| (connection.clone(), frame.clone())));
                }
                Err(error) => {
                    tracing::error!(error = causes(&error), "an event could not be serialised");
                }
            }
        }
        let all = pushes.len();
        let (mut delivered, mut gone, mut failures) = (0, Vec::new(), Vec::new());
        let mut outcomes = stream::iter(pushes)
            .map(|(connection, frame)| self.push_one(connection, frame))
            .buffer_unordered(MAX_CONCURRENT_PUSHES);
        let pushing = async {
            while let Some(outcome) = outcomes.next().await {
                match outcome {
                    PushOutcome::Delivered => delivered += 1,
                    PushOutcome::Gone(connection) => gone.push(connection),
                    PushOutcome::Failed(causes) => failures.push(causes),
                }
            }
        };
        // The message is committed, so connections that do not respond must not fail the request.
        let in_time = timeout(FAN_OUT_TIMEOUT, pushing).await.is_ok();
        if delivered < all {
            tracing::warn!(
                all,
                delivered,
                gone = gone.len(),
                // Includes those that were not answered in time.
                failed = all - delivered - gone.len(),
                first_failure = failures.first(),
                in_time,
                "not every connection could be pushed to"
            );
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        gone
    }

    async fn push_one(&self, connection: ConnectionId, frame: Vec<u8>) -> PushOutcome {
        let push = self.client.post_to_connection().connection_id(connection.as_str()).data(Blob::new(frame));
        match push.send().await {
            Ok(_) => PushOutcome::Delivered,
            Err(error) if error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception) => {
                PushOutcome::Gone(connection)
            }
            Err(error) => PushOutcome::Failed(causes(&error)),
        }
    }

    /// Closes connections concurrently.
    pub async fn close_all(&self, connections: &[ConnectionId]) {
        let closes =
            connections.iter().cloned().map(|connection| async move { self.close(&connection).await });
        stream::iter(closes).buffer_unordered(MAX_CONCURRENT_PUSHES).collect::<()>().await;
    }

    /// Closes a connection. A failure is only logged, because the connection has no row any more
    /// and its next frame is rejected.
    ///
    /// API Gateway answers 410 not only for a connection that is closed, but also for one whose
    /// `$connect` has not returned yet, which would open after this call. So a 410 is final only
    /// after two more attempts.
    pub async fn close(&self, connection: &ConnectionId) {
        for delay in OPENING_DELAYS {
            sleep(delay).await;
            let Err(error) = self.client.delete_connection().connection_id(connection.as_str()).send().await
            else {
                return;
            };
            if !error.as_service_error().is_some_and(DeleteConnectionError::is_gone_exception) {
                tracing::warn!(failed = 1, error = causes(&error), "a connection could not be closed");
                return;
            }
        }
    }

    /// Returns the milliseconds spent on pushing since the last call, for the log line of a
    /// request.
    pub fn take_elapsed_ms(&self) -> f64 {
        Duration::from_micros(self.micros.swap(0, Ordering::Relaxed)).as_secs_f64() * 1000.0
    }
}
