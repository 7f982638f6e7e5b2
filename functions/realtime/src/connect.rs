//! `$connect`: a client opens a connection with its ticket.

use chatchat_auth::Secret;
use chatchat_domain::ErrorCode;
use chatchat_lambda::{Error, Event, is_allowed_origin, status};
use chatchat_push::Service;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::frame::{Frame, log};

/// Accepts a connection whose `Origin` is listed, or that has none and so comes from no browser, and whose ticket is good. Anything
/// else refuses the handshake, with the status of its code.
pub async fn connect(service: &Service, event: &Event<Frame>) -> Result<Value, Error> {
    let started = Instant::now();
    let frame = &event.payload;
    let refused = event.in_time(accept(service, frame)).await.map_err(|error| {
        error.log(frame.request_id());
        error.code()
    });
    log(service, frame, started, refused.err());
    Ok(json!({ "statusCode": refused.err().map_or(200, |code| status(code).as_u16()) }))
}

async fn accept(service: &Service, frame: &Frame) -> Result<(), Error> {
    if !is_allowed_origin(frame.header("origin")) {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    let ticket = frame.query("ticket").and_then(Secret::presented).ok_or(ErrorCode::Unauthenticated)?;
    service.core.store.connect(&ticket.hash(), &frame.connection).await?;
    Ok(())
}
