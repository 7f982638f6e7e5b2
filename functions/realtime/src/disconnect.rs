//! `$disconnect`: a connection has ended. API Gateway does not always send this event; the sweep
//! finds the connections without one.

use std::slice;

use chatchat_function::{Error, Event};
use chatchat_store::Store;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::frame::{Frame, log};

/// Deletes the row of the connection.
pub async fn disconnect(store: &Store, event: &Event<Frame>) -> Result<Value, Error> {
    let started = Instant::now();
    let frame = &event.payload;
    let gone = slice::from_ref(&frame.connection);
    let forgotten = event.in_time(async { Ok(store.forget_connections(gone).await?) }).await;
    log(store, frame, started, forgotten.as_ref().err().map(Error::code));
    forgotten?;
    Ok(json!({ "statusCode": 200 }))
}
