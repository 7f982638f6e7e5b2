//! The management API: `@connections`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::WebSocketApi;
use super::connections::{Connection, Outgoing, SendError, is_id};
use super::handshake::gateway;

impl WebSocketApi {
    /// The part after `/<stage>/@connections/`, when a path is the management API's.
    pub(crate) fn managed<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix('/')?.strip_prefix(self.stage.as_str())?;
        rest.strip_prefix("/@connections/").or_else(|| rest.strip_prefix("/%40connections/"))
    }

    /// Serves a request of the management API; `id` is the end of its path, percent-encoded.
    pub(crate) async fn manage(self: &Arc<Self>, id: &str, request: Request<Body>) -> Response<Body> {
        if let Err(problem) = self.authorised(request.headers()) {
            return refusal(StatusCode::FORBIDDEN, "ForbiddenException", problem);
        }
        let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
        if !is_id(&id) {
            return refusal(
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                &format!("Invalid connectionId: {id}"),
            );
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, self.settings.message_limit).await else {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", "Message too long");
        };
        self.call(&parts.headers, parts.method, id, body).await
    }

    /// Carries a call out.
    pub(super) fn carry_out(&self, method: &Method, id: &str, body: Bytes) -> Response<Body> {
        let Some(connection) = self.connections.find(id) else {
            return gone();
        };
        if method == Method::POST {
            sent(self.push(&connection, body.into()), StatusCode::OK)
        } else if method == Method::DELETE {
            let closed = connection.send(Outgoing::Close(self.settings.deleted_close_code));
            if closed.is_ok() {
                self.connections.remove(id);
            }
            sent(closed, StatusCode::NO_CONTENT)
        } else if method == Method::GET {
            gateway(StatusCode::OK, description(&connection).to_string())
        } else {
            refusal(StatusCode::FORBIDDEN, "ForbiddenException", "Missing Authentication Token")
        }
    }

    /// Whether a request carries a signature by this cloud's access key. The signature itself is not verified.
    fn authorised(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let header =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let credential = header
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .and_then(|rest| rest.trim_start().strip_prefix("Credential="));
        match credential.and_then(|credential| credential.split('/').next()) {
            None => Err("Missing Authentication Token"),
            Some(key) if key == self.access_key => Ok(()),
            Some(_) => Err("The security token included in the request is invalid."),
        }
    }
}

fn sent(result: Result<(), SendError>, status: StatusCode) -> Response<Body> {
    match result {
        Ok(()) => gateway(status, String::new()),
        Err(SendError::Gone) => gone(),
        Err(SendError::Full) => {
            refusal(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", "Client buffer is full")
        }
    }
}

pub(super) fn gone() -> Response<Body> {
    refusal(StatusCode::GONE, "GoneException", "Gone")
}

/// An error as the AWS SDKs read it: its kind stands in a header.
pub(super) fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Response<Body> {
    let mut response = gateway(status, json!({ "message": message }).to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

fn description(connection: &Arc<Connection>) -> Value {
    let active = OffsetDateTime::from_unix_timestamp_nanos(i128::from(connection.last_active()) * 1_000_000);
    let text = |time: OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let mut identity = json!({ "sourceIp": connection.source_ip.to_string() });
    if let Some(user_agent) = &connection.user_agent {
        identity["userAgent"] = user_agent.as_str().into();
    }
    json!({
        "connectedAt": text(connection.connected_at),
        "identity": identity,
        "lastActiveAt": text(active.unwrap_or(connection.connected_at)),
    })
}
