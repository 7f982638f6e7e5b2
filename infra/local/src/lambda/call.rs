//! A call of a function, on its way to a process and back.

use axum::body::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::InvokeError;

/// Sends the result of a call to its caller.
pub(super) type Answer = oneshot::Sender<Result<Bytes, InvokeError>>;

/// A call that waits for a process.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: Uuid,
    pub(super) event: Bytes,
    /// The key of the event's route, if a fault may depend on it.
    pub(super) route: Option<String>,
    pub(super) answer: Answer,
}

/// Returns the key of the route in an event of API Gateway.
pub(super) fn route_of(event: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(event).ok()?;
    event["requestContext"]["routeKey"].as_str().map(str::to_owned)
}

/// An event on its way to a process.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The id of the call.
    pub(super) id: Uuid,
    pub(super) event: Bytes,
    /// When the function's timeout ends the call, in milliseconds since the epoch.
    pub(super) deadline: u128,
}
