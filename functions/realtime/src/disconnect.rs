//! `$disconnect`: a connection has ended. API Gateway does not always send this event; the sweep
//! finds the connections without one.

use chatchat_function::{Error, Event};
use chatchat_store::Store;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::frame::{Frame, log};

/// Deletes the row of the connection.
pub async fn disconnect(store: &Store, event: &Event<Frame>) -> Result<Value, Error> {
    let started = Instant::now();
    let frame = &event.payload;
    let disconnected = event.in_time(async { Ok(store.disconnect(&frame.connection).await?) }).await;
    log(store, frame, started, disconnected.as_ref().err().map(Error::code));
    disconnected?;
    Ok(json!({ "statusCode": 200 }))
}
