//! API Gateway's management API: frames to connections, all at the same time.

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
use tokio::time::timeout;

/// The longest that all pushes of one message may take together; what is left then, clients find out by themselves.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many connections are pushed to at once.
const AT_ONCE: usize = 128;

/// The open connections of the WebSocket API.
pub struct Connections {
    client: Client,
    micros: AtomicU64,
}

/// What became of one frame.
enum Pushed {
    Delivered,
    Gone(ConnectionId),
    Failed,
}

impl Connections {
    /// `endpoint` is the management API's URL, with the stage where the host is API Gateway's own.
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

    /// Pushes each event to its connections and returns when all are done, or after 3 seconds. Gives those that are gone.
    pub async fn push(&self, frames: &[(&[ConnectionId], Event)]) -> Vec<ConnectionId> {
        let started = Instant::now();
        let mut pushes = Vec::new();
        for (connections, event) in frames {
            match serde_json::to_vec(event) {
                Ok(frame) => {
                    pushes.extend(connections.iter().map(|connection| (connection.clone(), frame.clone())));
                }
                Err(error) => {
                    tracing::error!(error = causes(&error), "an event could not be written as JSON");
                }
            }
        }
        let all = pushes.len();
        let (mut delivered, mut gone) = (0, Vec::new());
        let mut outcomes = stream::iter(pushes)
            .map(|(connection, frame)| self.push_one(connection, frame))
            .buffer_unordered(AT_ONCE);
        let pushing = async {
            while let Some(outcome) = outcomes.next().await {
                match outcome {
                    Pushed::Delivered => delivered += 1,
                    Pushed::Gone(connection) => gone.push(connection),
                    Pushed::Failed => {}
                }
            }
        };
        // What is committed is not to be told as failed because somebody's connections hang.
        let in_time = timeout(PATIENCE, pushing).await.is_ok();
        if delivered < all {
            tracing::warn!(
                all,
                delivered,
                gone = gone.len(),
                in_time,
                "not every connection could be pushed to"
            );
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        gone
    }

    async fn push_one(&self, connection: ConnectionId, frame: Vec<u8>) -> Pushed {
        let push = self.client.post_to_connection().connection_id(connection.as_str()).data(Blob::new(frame));
        match push.send().await {
            Ok(_) => Pushed::Delivered,
            Err(error) if error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception) => {
                Pushed::Gone(connection)
            }
            Err(error) => {
                tracing::warn!(error = causes(&error), "a push failed");
                Pushed::Failed
            }
        }
    }

    /// Closes connections, all at the same time.
    pub async fn close_all(&self, connections: &[ConnectionId]) {
        let closes =
            connections.iter().cloned().map(|connection| async move { self.close(&connection).await });
        stream::iter(closes).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Closes a connection. One that is gone already counts as closed; one that cannot be closed is logged, and is refused with its next frame,
    /// for its row is gone.
    pub async fn close(&self, connection: &ConnectionId) {
        if let Err(error) = self.client.delete_connection().connection_id(connection.as_str()).send().await
            && !error.as_service_error().is_some_and(DeleteConnectionError::is_gone_exception)
        {
            tracing::warn!(error = causes(&error), "a connection could not be closed");
        }
    }

    /// The milliseconds spent on pushing since this was last asked, for the request's line in the log.
    pub fn take_elapsed_ms(&self) -> f64 {
        Duration::from_micros(self.micros.swap(0, Ordering::Relaxed)).as_secs_f64() * 1000.0
    }
}
