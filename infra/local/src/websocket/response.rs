//! The responses of the WebSocket API and its management API.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::json;

/// Returns a response with a JSON body.
pub(super) fn json(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns an error in the form that the AWS SDKs read: its type is in a header.
pub(super) fn error(status: StatusCode, kind: &'static str, message: &str) -> Response<Body> {
    let mut response = json(status, json!({ "message": message }).to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

/// The response to a call for a connection that is not open.
pub(super) fn gone() -> Response<Body> {
    error(StatusCode::GONE, "GoneException", "Gone")
}

/// The text that a client gets when the function of its frame or handshake fails.
pub(super) fn internal_error(connection: &str, request: &str) -> String {
    format!(
        r#"{{"message": "Internal server error", "connectionId":"{connection}", "requestId":"{request}"}}"#
    )
}
