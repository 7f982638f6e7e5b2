//! `$disconnect`: a connection has ended. API Gateway tells of it as best it can; the sweep finds the rest.

use std::slice;

use chatchat_lambda::{Error, Event};
use chatchat_push::Service;
use serde_json::{Value, json};

use crate::frame::Frame;

/// Forgets the connection.
pub async fn disconnect(service: &Service, event: &Event<Frame>) -> Result<Value, Error> {
    let gone = slice::from_ref(&event.payload.connection);
    event.in_time(async { Ok(service.core.store.forget_connections(gone).await?) }).await?;
    Ok(json!({ "statusCode": 200 }))
}
