//! A WebSocket event as a handler sees it, and how a frame is answered: over its connection.

use std::{slice, time::Duration};

use chatchat_domain::{ConnectionId, ErrorCode, Event as Outgoing, Language, Problem};
use chatchat_lambda::{
    Error, Event, FieldError, HeaderMap, Serve, aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest,
    read_fields, status,
};
use chatchat_push::Service;
use chatchat_store::Who;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout};

/// What is kept of an event's time for the function's own answer.
const MARGIN: Duration = Duration::from_millis(100);

/// A frame, or the beginning or the end of a connection.
#[derive(Deserialize)]
#[serde(try_from = "ApiGatewayWebsocketProxyRequest")]
pub struct Frame {
    /// The connection that it came in on.
    pub connection: ConnectionId,
    inner: ApiGatewayWebsocketProxyRequest,
    body: Result<Map<String, Value>, ErrorCode>,
}

impl TryFrom<ApiGatewayWebsocketProxyRequest> for Frame {
    type Error = &'static str;

    fn try_from(mut inner: ApiGatewayWebsocketProxyRequest) -> Result<Self, &'static str> {
        let connection =
            inner.request_context.connection_id.take().ok_or("the event has no connectionId")?.into();
        let body = match serde_json::from_str(inner.body.as_deref().unwrap_or_default()) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ErrorCode::ValidationFailed),
            Err(_) => Err(ErrorCode::MalformedJson),
        };
        Ok(Self { connection, inner, body })
    }
}

impl Frame {
    /// The frame's fields; all wrong ones are told at once.
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

    /// To find the event in the log.
    pub fn request_id(&self) -> &str {
        self.inner.request_context.request_id.as_deref().unwrap_or_default()
    }

    /// The `error` event that tells of a failure; in Korean, for frames come without headers that could prefer another language.
    fn error(&self, error: &Error) -> Outgoing {
        let client_message_id = self.body.as_ref().ok().and_then(|body| body.get("clientMessageId"));
        Outgoing::Error {
            code: error.code().as_str(),
            message: error.message(Language::default()),
            request_id: self.request_id().to_owned(),
            client_message_id: client_message_id.and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Does what a frame asks for. A failure goes back over the connection as an `error` event; one whose session has ended is
/// closed after it. The function itself succeeds, for API Gateway would tell the client of nothing but its own error.
pub async fn answer<'a, F>(
    service: &'a Service,
    event: &'a Event<Frame>,
    act: impl FnOnce(&'a Service, &'a Frame) -> F + Send,
) -> Result<Value, Error>
where
    F: Future<Output = Result<(), Error>> + Send,
{
    let started = Instant::now();
    let frame = &event.payload;
    let outcome = event.in_time(act(service, frame)).await;
    if let Err(error) = &outcome {
        let left = event.time_left().saturating_sub(MARGIN);
        if let Ok(told) = timeout(left, refuse(service, frame, error, left / 2)).await {
            told?;
        } else {
            tracing::warn!(request_id = frame.request_id(), "there was no time to tell of the failure");
        }
    }
    let outcome = outcome.map_err(|error| error.code());
    log(service, frame, started, outcome.err());
    Ok(json!({ "statusCode": outcome.err().map_or(200, |code| status(code).as_u16()) }))
}

/// Tells the client, which may take as long as `to_tell`, and closes the connection if its session has ended. Of a living session alone
/// it is told what was wrong with the frame.
async fn refuse(service: &Service, frame: &Frame, error: &Error, to_tell: Duration) -> Result<(), Error> {
    error.log(frame.request_id());
    let delivery = service.delivery()?;
    let ended = error.code() == ErrorCode::Unauthenticated
        || error.came_before_the_store()
            && matches!(service.core.store.living_caller(Who::Connection(&frame.connection)).await, Ok(None));
    let told = if ended { frame.error(&ErrorCode::Unauthenticated.into()) } else { frame.error(error) };
    if timeout(to_tell, delivery.push(&[(slice::from_ref(&frame.connection), told)])).await.is_err() {
        tracing::warn!(request_id = frame.request_id(), "the client could not be told in time");
    }
    if ended {
        delivery.connections.close(&frame.connection).await;
    }
    Ok(())
}

/// Writes the event's line to the log.
pub fn log(service: &Service, frame: &Frame, started: Instant, refused: Option<ErrorCode>) {
    tracing::info!(
        request_id = frame.request_id(),
        route = frame.inner.request_context.route_key,
        refused = refused.map(ErrorCode::as_str),
        ms = started.elapsed().as_secs_f64() * 1000.0,
        database_ms = service.core.store.take_elapsed_ms(),
        push_ms = service.push_ms(),
        "answered"
    );
}
