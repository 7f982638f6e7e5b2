//! Faults of `@connections`: calls that are not carried out, or late.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Response, StatusCode, request::Parts},
};

use super::{api::WebSocketApi, response};
use crate::faults::Answer;

/// The fault that applies to a call.
pub(super) fn find(api: &WebSocketApi, call: &Parts) -> Option<Answer> {
    if !api.faults.any() {
        return None;
    }
    let token = call.headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
    if token.is_some_and(|token| !api.lambda.allows_push(token)) {
        return Some(Answer::Failed);
    }
    if [Method::POST, Method::DELETE].contains(&call.method) { api.faults.connections_call() } else { None }
}

/// Responds to a call as the fault says. `carry_out` carries the call out.
pub(super) async fn respond(
    fault: Answer,
    integration_limit: Duration,
    carry_out: impl FnOnce() -> Response<Body> + Send + 'static,
) -> Response<Body> {
    match fault {
        Answer::Gone => response::gone(),
        Answer::Throttled => {
            response::error(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", "Rate exceeded")
        }
        Answer::Failed => failed(),
        Answer::Hang => {
            // If the caller gives up, this is dropped.
            tokio::time::sleep(integration_limit).await;
            let message = r#"{"message":"Endpoint request timed out"}"#;
            response::json(StatusCode::GATEWAY_TIMEOUT, message.to_owned())
        }
        Answer::Late(time) => {
            // In its own task, so that the call is carried out even if the caller gives up.
            let late = tokio::spawn(async move {
                tokio::time::sleep(time).await;
                carry_out()
            });
            late.await.unwrap_or_else(|_| failed())
        }
    }
}

fn failed() -> Response<Body> {
    let kind = "InternalServerErrorException";
    response::error(StatusCode::INTERNAL_SERVER_ERROR, kind, "Internal server error")
}
