//! The errors of calls to functions.

use std::time::Duration;

/// The reason why a call to a function returned no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The template has no such function.
    #[error("there is no function {0}")]
    UnknownFunction(String),
    /// The function or the account already runs the maximum number of calls.
    #[error("throttled: {0} calls already run, which is the limit")]
    Throttled(usize),
    /// The function has become inactive, or is not active again yet.
    #[error(
        "The operation cannot be performed at this time. The function is currently in the following state: {0}"
    )]
    NotActive(&'static str),
    /// The event is larger than Lambda allows.
    #[error("the event has {bytes} bytes, {limit} are allowed")]
    EventTooLarge {
        /// The event's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The response is larger than Lambda allows.
    #[error("Response payload size exceeded maximum allowed payload size ({limit} bytes).")]
    AnswerTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The function returned an error.
    #[error("{kind}: {message}")]
    Function {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The process could not be started, or it ended or timed out before it asked for an event.
    #[error("the function could not start: {0}")]
    Init(String),
    /// The process ended during the call.
    #[error("the process ended in the middle of the call: {0}")]
    Crashed(String),
    /// The function took longer than its timeout.
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The cloud has been stopped.
    #[error("the cloud has been stopped")]
    Stopped,
}

impl InvokeError {
    /// Returns the status in Lambda's report on the call, or `None` if no process got the call.
    pub(super) fn status(&self) -> Option<&'static str> {
        match self {
            Self::Function { .. } | Self::AnswerTooLarge { .. } => Some("error"),
            Self::Init(_) | Self::Crashed(_) => Some("failure"),
            Self::TimedOut(_) => Some("timeout"),
            Self::UnknownFunction(_)
            | Self::Throttled(_)
            | Self::NotActive(_)
            | Self::EventTooLarge { .. }
            | Self::Stopped => None,
        }
    }
}
