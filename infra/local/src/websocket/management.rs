//! The management API: `@connections`.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    api::WebSocketApi,
    connections::{Connection, Outgoing, SendError},
    id, management_faults, response,
};

/// The part of a path after `/<stage>/@connections/`; `None` if the path is not the management
/// API's.
pub(crate) fn managed<'a>(api: &WebSocketApi, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(api.stage.as_str())?;
    rest.strip_prefix("/@connections/").or_else(|| rest.strip_prefix("/%40connections/"))
}

/// Serves a request of the management API. `id` is the end of its path, percent-encoded.
pub(crate) async fn manage(api: &Arc<WebSocketApi>, id: &str, request: Request<Body>) -> Response<Body> {
    if let Err(problem) = authorize(request.headers(), &api.access_key) {
        return response::error(StatusCode::FORBIDDEN, "ForbiddenException", problem);
    }
    let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
    if !id::is_well_formed(&id) {
        let message = format!("Invalid connectionId: {id}");
        return response::error(StatusCode::BAD_REQUEST, "BadRequestException", &message);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, api.settings.message_limit).await else {
        let kind = "PayloadTooLargeException";
        return response::error(StatusCode::PAYLOAD_TOO_LARGE, kind, "Message too long");
    };
    match management_faults::find(api, &parts) {
        None => carry_out(api, &parts.method, &id, body),
        Some(fault) => {
            let late = Arc::clone(api);
            let carry_out = move || carry_out(&late, &parts.method, &id, body);
            management_faults::respond(fault, api.settings.websocket_integration_limit, carry_out).await
        }
    }
}

fn carry_out(api: &WebSocketApi, method: &Method, id: &str, body: Bytes) -> Response<Body> {
    let Some(connection) = api.connections.find(id) else {
        return response::gone();
    };
    if method == Method::POST {
        sent(connection.push(body.into(), &api.faults), StatusCode::OK)
    } else if method == Method::DELETE {
        let closed = connection.send(Outgoing::Close(api.settings.deleted_close_code));
        if closed.is_ok() {
            api.connections.remove(id);
        }
        sent(closed, StatusCode::NO_CONTENT)
    } else if method == Method::GET {
        response::json(StatusCode::OK, description(&connection).to_string())
    } else {
        response::error(StatusCode::FORBIDDEN, "ForbiddenException", "Missing Authentication Token")
    }
}

/// Requires a signature by this cloud's access key. The signature itself is not verified.
fn authorize(headers: &HeaderMap, access_key: &str) -> Result<(), &'static str> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credential = header
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .and_then(|rest| rest.trim_start().strip_prefix("Credential="));
    match credential.and_then(|credential| credential.split('/').next()) {
        None => Err("Missing Authentication Token"),
        Some(key) if key == access_key => Ok(()),
        Some(_) => Err("The security token included in the request is invalid."),
    }
}

fn sent(result: Result<(), SendError>, status: StatusCode) -> Response<Body> {
    match result {
        Ok(()) => response::json(status, String::new()),
        Err(SendError::Gone) => response::gone(),
        Err(SendError::Full) => {
            let kind = "LimitExceededException";
            response::error(StatusCode::TOO_MANY_REQUESTS, kind, "Client buffer is full")
        }
    }
}

fn description(connection: &Connection) -> Value {
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
