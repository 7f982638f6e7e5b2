//! `$connect`: a client opens a connection with its ticket.

use chatchat_auth::Secret;
use chatchat_domain::ErrorCode;
use chatchat_lambda::{Error, Event, is_allowed_origin, status};
use chatchat_push::Service;
use serde_json::{Value, json};

use crate::frame::Frame;

/// Accepts a connection whose `Origin` is listed, or that has none and so comes from no browser, and whose ticket is good. Anything
/// else refuses the handshake, with the status of its code.
pub async fn connect(service: &Service, event: &Event<Frame>) -> Result<Value, Error> {
    let frame = &event.payload;
    let status = match event.in_time(accept(service, frame)).await {
        Ok(()) => 200,
        Err(error) => {
            error.log(frame.request_id());
            status(error.code()).as_u16()
        }
    };
    tracing::info!(
        request_id = frame.request_id(),
        route = "$connect",
        status,
        database_ms = service.core.store.take_elapsed_ms(),
        "answered"
    );
    Ok(json!({ "statusCode": status }))
}

async fn accept(service: &Service, frame: &Frame) -> Result<(), Error> {
    if !is_allowed_origin(frame.header("origin")) {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    let ticket = Secret::presented(frame.query("ticket").ok_or(ErrorCode::Unauthenticated)?);
    service.core.store.connect(&ticket.hash(), &frame.connection).await?;
    Ok(())
}
