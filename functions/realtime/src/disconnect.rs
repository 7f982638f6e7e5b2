//! `$disconnect`: a connection has ended. API Gateway tells of it as best it can; the sweep finds the rest.

use std::slice;

use chatchat_lambda::{Error, Event};
use chatchat_push::Service;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::frame::{Frame, log};

/// Forgets the connection.
pub async fn disconnect(service: &Service, event: &Event<Frame>) -> Result<Value, Error> {
    let started = Instant::now();
    let frame = &event.payload;
    let gone = slice::from_ref(&frame.connection);
    let forgotten = event.in_time(async { Ok(service.core.store.forget_connections(gone).await?) }).await;
    log(service, frame, started, forgotten.as_ref().err().map(Error::code));
    forgotten?;
    Ok(json!({ "statusCode": 200 }))
}
