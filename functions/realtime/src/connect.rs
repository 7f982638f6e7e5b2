//! `$connect`: a client opens a connection with its ticket.

use chatchat_delivery::Delivery;
use chatchat_domain::ErrorCode;
use chatchat_function::{Error, Event, PageOrigin, Viewers, preferred_language, status};
use chatchat_tokens::Secret;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::frame::{Frame, log};

/// Accepts a connection with a valid ticket, unless a page of another site opens it. A refused
/// handshake gets the HTTP status of its error code. Closes the oldest connections of the account
/// beyond its limit.
pub async fn connect(resources: &(Delivery, Viewers), event: &Event<Frame>) -> Result<Value, Error> {
    let started = Instant::now();
    let frame = &event.payload;
    let refused = event.in_time(accept(resources, frame)).await.map_err(|error| {
        error.log(frame.request_id());
        error.code()
    });
    log(resources, frame, started, refused.err());
    Ok(json!({ "statusCode": refused.err().map_or(200, |code| status(code).as_u16()) }))
}

async fn accept((delivery, viewers): &(Delivery, Viewers), frame: &Frame) -> Result<(), Error> {
    // It is not documented whether CloudFront runs its function for a handshake and so adds the
    // viewer's host. The ticket protects the handshake in any case: a page of another site cannot
    // get a ticket.
    if viewers.of(frame.headers(), "").origin == PageOrigin::Foreign {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    let ticket = frame.query("ticket").and_then(Secret::presented).ok_or(ErrorCode::Unauthenticated)?;
    let language = preferred_language(frame.headers());
    let surplus = delivery.store.connect(&ticket.hash(), &frame.connection, language).await?;
    delivery.connections.close_all(&surplus).await;
    Ok(())
}
