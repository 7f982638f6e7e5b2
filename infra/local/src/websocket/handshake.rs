//! The opening handshake, whose response waits for `$connect`.

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header, request::Parts},
};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::{api::WebSocketApi, connections::Connection, event, id, response, session};

/// Returns whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(request: &Request<Body>) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The decision of `$connect`.
enum Decision {
    /// The connection opens, with this value of `Sec-WebSocket-Protocol`.
    Open(Option<HeaderValue>),
    Refused(StatusCode),
    Failed(String),
}

/// Answers the handshake. If the connection opens, a separate task serves it.
pub(crate) async fn connect(
    api: &Arc<WebSocketApi>,
    peer: IpAddr,
    mut request: Request<Body>,
) -> Response<Body> {
    let started = Instant::now();
    if let Some((status, body)) = refusal(api, &request) {
        return response::json(status, body.to_owned());
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let Ok(mut accepted) = handshake_response(&parts) else {
        return response::json(StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#.to_owned());
    };
    let text = |name| {
        let value: Option<&HeaderValue> = parts.headers.get(name);
        value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let host = text(header::HOST).unwrap_or_else(|| "localhost".to_owned());
    let (connection, queue) =
        Connection::new(peer, text(header::USER_AGENT), host, api.settings.client_buffer);
    let connection = Arc::new(connection);
    let (decide, decision) = oneshot::channel();
    // In a separate task, so that `$disconnect` is called even if the client leaves before the
    // response.
    tokio::spawn({
        let (api, connection) = (Arc::clone(api), Arc::clone(&connection));
        async move {
            let decision = ask(&api, &connection, &parts).await;
            let open = matches!(decision, Decision::Open(_)) && api.connections.open(&connection);
            // If the API is closed, no decision is sent, and the handshake is refused.
            if open || !matches!(decision, Decision::Open(_)) {
                _ = decide.send(decision);
            }
            if open {
                session::run(api, connection, queue, upgrade).await;
            }
        }
    });
    let response = match decision.await {
        Ok(Decision::Open(protocol)) => {
            if let Some(protocol) = protocol {
                accepted.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
            accepted
        }
        Ok(Decision::Refused(status)) => response::json(status, String::new()),
        Ok(Decision::Failed(problem)) => {
            api.log.line(|| format!("$connect: {problem}"));
            let body = response::internal_error(&connection.id, &id::random());
            response::json(StatusCode::BAD_GATEWAY, body)
        }
        Err(_) => response::json(StatusCode::BAD_GATEWAY, String::new()),
    };
    api.log.line(|| {
        let took = started.elapsed().as_secs_f64() * 1000.0;
        format!("WS $connect {} {took:.1} ms {}", response.status().as_u16(), connection.id)
    });
    response
}

/// Returns the response if API Gateway refuses the handshake without calling `$connect`.
fn refusal(api: &WebSocketApi, request: &Request<Body>) -> Option<(StatusCode, &'static str)> {
    if request.uri().path().trim_matches('/') != api.stage || api.faults.refuses_handshake() {
        return Some((StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#));
    }
    if request.uri().to_string().len() > api.settings.url_limit {
        return Some((StatusCode::URI_TOO_LONG, r#"{"message":"URI Too Long"}"#));
    }
    if !api.new_connections.allows(Instant::now()) {
        return Some((StatusCode::TOO_MANY_REQUESTS, r#"{"message":"Too Many Requests"}"#));
    }
    None
}

/// Calls the function of `$connect`. Without one, every client may connect.
async fn ask(api: &WebSocketApi, connection: &Connection, parts: &Parts) -> Decision {
    let Some(route) = api.routes.special("$connect") else {
        return Decision::Open(None);
    };
    let answer = match api.integrate(&route.function, &event::connect(api, connection, parts)).await {
        Ok(answer) => answer,
        Err(failure) => return Decision::Failed(format!("{}: {failure}", route.function)),
    };
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let status = crate::number(&answer["statusCode"]).and_then(|status| u16::try_from(status).ok());
    match status.and_then(|status| StatusCode::from_u16(status).ok()) {
        Some(status) if status.is_success() => Decision::Open(protocol(&answer)),
        Some(status) => Decision::Refused(status),
        None => Decision::Failed(format!("{}: its answer has no statusCode", route.function)),
    }
}

/// Returns the first value of `Sec-WebSocket-Protocol`, which is the only header of `$connect`'s
/// response that the client gets.
fn protocol(answer: &Value) -> Option<HeaderValue> {
    let named = |map: &Value| {
        let entry =
            map.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))?;
        entry.1.as_str().or_else(|| entry.1[0].as_str()).map(str::to_owned)
    };
    let value = named(&answer["headers"]).or_else(|| named(&answer["multiValueHeaders"]))?;
    HeaderValue::from_str(value.split(',').next().unwrap_or_default().trim()).ok()
}

/// Returns the response 101 to a well-formed handshake.
fn handshake_response(parts: &Parts) -> Result<Response<Body>, ()> {
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers.clone();
    create_response_with_body(&request, Body::empty).map_err(drop)
}
