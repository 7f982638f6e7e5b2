//! Converts a function's result (payload format 2.0) to an HTTP response.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Converts a function's result to a response. The error says why the result is invalid.
pub(super) fn response(answer: &[u8]) -> Result<Response<Body>, String> {
    let answer: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    match &answer["statusCode"] {
        Value::Null => Ok(inferred(&answer)),
        status => structured(&answer, status),
    }
}

/// Returns a 200 with the whole result as its body. The result has no `statusCode`.
fn inferred(answer: &Value) -> Response<Body> {
    let body = match answer {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn structured(answer: &Value, status: &Value) -> Result<Response<Body>, String> {
    let status = crate::number(status).and_then(|status| u16::try_from(status).ok());
    let status = status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or("statusCode is not an HTTP status")?;
    let body = match (&answer["body"], answer["isBase64Encoded"] == Value::Bool(true)) {
        (Value::Null, _) => Vec::new(),
        (Value::String(text), false) => text.clone().into_bytes(),
        (Value::String(text), true) => STANDARD.decode(text).map_err(|_| "body is not base64")?,
        _ => return Err("body is not a string".to_owned()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().map_err(|_| format!("{name} is not a valid header name"))?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = HeaderValue::from_str(&value)
            .map_err(|_| format!("the value of {name} is not a valid header value"))?;
        if !belongs_to_connection(&name) {
            headers.insert(name, value);
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        headers.append(
            header::SET_COOKIE,
            HeaderValue::from_str(cookie).map_err(|_| "a cookie is not a valid header value")?,
        );
    }
    Ok(response)
}

/// Whether the gateway sets the header itself.
fn belongs_to_connection(name: &HeaderName) -> bool {
    [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::TE,
        header::TRAILER,
    ]
    .contains(name)
}
