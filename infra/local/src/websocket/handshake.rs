//! The opening handshake, held until `$connect` has answered.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::connections::Connection;
use super::{WebSocketApi, event};

/// Whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(request: &Request<Body>) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What `$connect` decided.
enum Decision {
    /// With the value of `Sec-WebSocket-Protocol`.
    Open(Option<HeaderValue>),
    Refused(StatusCode),
    Failed(String),
}

impl WebSocketApi {
    /// Answers the handshake; the connection then lives in a task of its own.
    pub(crate) async fn connect(self: Arc<Self>, peer: IpAddr, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let path = request.uri().path().trim_matches('/');
        if path != self.stage {
            return gateway(StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#.to_owned());
        }
        if request.uri().to_string().len() > self.settings.url_limit {
            return gateway(StatusCode::URI_TOO_LONG, r#"{"message":"URI Too Long"}"#.to_owned());
        }
        if !self.new_connections.take(Instant::now()) {
            return gateway(StatusCode::TOO_MANY_REQUESTS, r#"{"message":"Too Many Requests"}"#.to_owned());
        }
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let Ok(mut accepted) = handshake_response(&parts) else {
            return gateway(StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#.to_owned());
        };
        let text = |name| {
            parts
                .headers
                .get(name)
                .map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let host = text(header::HOST).unwrap_or_else(|| "localhost".to_owned());
        let (connection, queue) =
            Connection::new(peer, text(header::USER_AGENT), host, self.settings.client_buffer);
        let connection = Arc::new(connection);
        // In its own task: a client that leaves before the answer still gets its `$disconnect`.
        let (decide, decision) = oneshot::channel();
        let api = Arc::clone(&self);
        tokio::spawn({
            let connection = Arc::clone(&connection);
            async move {
                let decision = api.ask(&connection, &parts).await;
                let open = matches!(decision, Decision::Open(_)) && api.connections.open(&connection);
                // Without an answer, because the API is closed, the handshake is refused.
                if open || !matches!(decision, Decision::Open(_)) {
                    _ = decide.send(decision);
                }
                if open {
                    api.session(connection, queue, upgrade).await;
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
            Ok(Decision::Refused(status)) => gateway(status, String::new()),
            Ok(Decision::Failed(problem)) => {
                self.log.line(|| format!("$connect: {problem}"));
                gateway(
                    StatusCode::BAD_GATEWAY,
                    failure("Internal server error", &connection.id, &event::request_id()),
                )
            }
            Err(_) => gateway(StatusCode::BAD_GATEWAY, String::new()),
        };
        self.log.line(|| {
            format!(
                "WS $connect {} {:.1} ms {}",
                response.status().as_u16(),
                started.elapsed().as_secs_f64() * 1000.0,
                connection.id
            )
        });
        response
    }

    /// Asks the function of `$connect`; without one every client is let in.
    async fn ask(&self, connection: &Connection, parts: &Parts) -> Decision {
        let Some(route) = self.routes.special("$connect") else {
            return Decision::Open(None);
        };
        let answer = match self.integrate(&route.function, &self.connect_event(connection, parts)).await {
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
}

/// The one header of `$connect`'s answer that reaches the client, with its first value.
fn protocol(answer: &Value) -> Option<HeaderValue> {
    let named = |map: &Value| {
        let entry =
            map.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))?;
        entry.1.as_str().or_else(|| entry.1[0].as_str()).map(str::to_owned)
    };
    let value = named(&answer["headers"]).or_else(|| named(&answer["multiValueHeaders"]))?;
    HeaderValue::from_str(value.split(',').next().unwrap_or_default().trim()).ok()
}

/// The 101 for a well-formed handshake.
fn handshake_response(parts: &Parts) -> Result<Response<Body>, ()> {
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers.clone();
    create_response_with_body(&request, Body::empty).map_err(drop)
}

/// The text of a failure that concerns a connection.
pub(super) fn failure(message: &str, connection: &str, request: &str) -> String {
    format!(r#"{{"message": "{message}", "connectionId":"{connection}", "requestId":"{request}"}}"#)
}

pub(super) fn gateway(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A number of events in each second.
#[derive(Debug)]
pub(super) struct Rate {
    limit: u32,
    second: Mutex<(Instant, u32)>,
}

impl Rate {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, second: Mutex::new((Instant::now(), 0)) }
    }

    /// Counts an event; false when this second already had its number.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(second.0) >= Duration::from_secs(1) {
            *second = (now, 0);
        }
        second.1 += 1;
        second.1 <= self.limit
    }
}
