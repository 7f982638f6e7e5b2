//! A call of a function, on its way to a process and back.

use axum::body::Bytes;
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
    pub(super) answer: Answer,
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
