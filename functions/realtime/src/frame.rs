//! A WebSocket event, and the answer to a frame over its connection.

use std::{slice, time::Duration};

use chatchat_delivery::Delivery;
use chatchat_domain::{AnyRole, Caller, ConnectionId, ErrorCode, Event as Outgoing, Language, Problem};
use chatchat_function::{
    Error, Event, FieldError, HeaderMap, Resource, aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest,
    read_fields, status,
};
use chatchat_store::{Store, StoreError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout};

/// The part of an event's time that is kept for the result of the function.
const MARGIN: Duration = Duration::from_millis(100);

/// A frame, or the start or end of a connection.
#[derive(Deserialize)]
#[serde(try_from = "ApiGatewayWebsocketProxyRequest")]
pub struct Frame {
    /// The connection.
    pub connection: ConnectionId,
    /// The caller: the account that opened the connection.
    pub caller: Caller<AnyRole>,
    inner: ApiGatewayWebsocketProxyRequest,
    body: Result<Map<String, Value>, ErrorCode>,
}

impl TryFrom<ApiGatewayWebsocketProxyRequest> for Frame {
    type Error = &'static str;

    fn try_from(mut inner: ApiGatewayWebsocketProxyRequest) -> Result<Self, &'static str> {
        let connection: ConnectionId =
            inner.request_context.connection_id.take().ok_or("the event has no connectionId")?.into();
        let caller = Caller::with_connection(connection.clone());
        let body = match serde_json::from_str(inner.body.as_deref().unwrap_or_default()) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ErrorCode::ValidationFailed),
            Err(_) => Err(ErrorCode::MalformedJson),
        };
        Ok(Self { connection, caller, inner, body })
    }
}

impl Frame {
    /// Returns the fields of the frame. An error names all invalid fields.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match &self.body {
            Ok(object) => read_fields(object).map_err(Error::Invalid),
            Err(ErrorCode::ValidationFailed) => {
                Err(Error::Invalid(vec![FieldError::new("body", Problem::WrongType)]))
            }
            Err(code) => Err((*code).into()),
        }
    }

    /// The headers of the handshake.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    /// A parameter of the handshake's query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.inner.query_string_parameters.first(name)
    }

    /// The key of the event's route.
    pub fn route(&self) -> &str {
        self.inner.request_context.route_key.as_deref().unwrap_or_default()
    }

    /// The id of the event in the log.
    pub fn request_id(&self) -> &str {
        self.inner.request_context.request_id.as_deref().unwrap_or_default()
    }

    /// The `error` event for a failure.
    pub fn error(&self, error: &Error, language: Language) -> Outgoing {
        let client_message_id = self.body.as_ref().ok().and_then(|body| body.get("clientMessageId"));
        Outgoing::Error {
            code: error.code().as_str(),
            message: error.message(language),
            request_id: self.request_id().to_owned(),
            client_message_id: client_message_id.and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Runs the action of a frame. A failure is sent over the connection as an `error` event, and
/// closes the connection if its session has ended or if it continues to send frames over its limit.
/// The function still succeeds: if it failed, API Gateway would send another error in place of this
/// one.
pub async fn answer<'a, F>(
    delivery: &'a Delivery,
    event: &'a Event<Frame>,
    act: impl FnOnce(&'a Delivery, &'a Frame) -> F + Send,
) -> Result<Value, Error>
where
    F: Future<Output = Result<(), Error>> + Send,
{
    let started = Instant::now();
    let frame = &event.payload;
    let outcome = event.in_time(act(delivery, frame)).await;
    let mut refused = None;
    if let Err(error) = outcome {
        error.log(frame.request_id());
        let left = event.time_left().saturating_sub(MARGIN);
        refused = Some(error.code());
        if let Ok(code) = timeout(left, refuse(delivery, frame, error, left / 2)).await {
            refused = Some(code);
        } else {
            tracing::warn!(request_id = frame.request_id(), "there was no time to send the error event");
        }
    }
    log(delivery, frame, started, refused);
    Ok(json!({ "statusCode": refused.map_or(200, |code| status(code).as_u16()) }))
}

/// Sends the `error` event, for at most `push_timeout`, and closes the connection if necessary. The
/// event says what was wrong with the frame only if the session is active and the connection has
/// not sent too many frames. Returns the code of the event.
async fn refuse(delivery: &Delivery, frame: &Frame, mut error: Error, push_timeout: Duration) -> ErrorCode {
    let mut language = Language::default();
    // The database may be the reason for the other errors, so it is not asked.
    if !matches!(error, Error::Unavailable(_) | Error::Internal(_)) {
        let is_unchecked = error.precedes_session_check();
        match delivery.store.connection_state(&frame.caller, is_unchecked).await {
            Ok(state) => {
                language = state.language;
                if is_unchecked && !state.is_active {
                    error = ErrorCode::Unauthenticated.into();
                } else if let Some(limit) = state.limit {
                    error = limit.into();
                }
            }
            Err(StoreError::Refused(_)) => error = ErrorCode::Unauthenticated.into(),
            Err(_) => {}
        }
    }
    let event = frame.error(&error, language);
    if timeout(push_timeout, delivery.push(&[(slice::from_ref(&frame.connection), event)])).await.is_err() {
        tracing::warn!(request_id = frame.request_id(), "the error event could not be sent in time");
    }
    if error.code() == ErrorCode::Unauthenticated || matches!(error, Error::Flood) {
        delivery.connections.close(&frame.connection).await;
    }
    error.code()
}

/// Logs the event.
pub fn log(resource: &impl Resource, frame: &Frame, started: Instant, refused: Option<ErrorCode>) {
    let caller = resource.store().and_then(Store::take_caller);
    let room = frame.body.as_ref().ok().and_then(|body| body.get("roomId")).and_then(Value::as_i64);
    tracing::info!(
        request_id = frame.request_id(),
        route = frame.route(),
        code = refused.map(ErrorCode::as_str),
        connection = frame.connection.as_str(),
        account = caller.map(|(account, _)| account.get()),
        session = caller.map(|(_, session)| session.get()),
        room,
        ms = started.elapsed().as_secs_f64() * 1000.0,
        database_ms = resource.store().map(Store::take_elapsed_ms),
        push_ms = resource.take_push_ms(),
        "answered"
    );
}
