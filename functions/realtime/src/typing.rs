//! The action `typing`: somebody types.

use chatchat_domain::RoomId;
use chatchat_lambda::Error;
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

use crate::frame::Frame;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typing {
    room_id: RoomId,
}

/// Relays it to both sides; nothing is kept.
pub async fn typing(service: &Service, frame: &Frame) -> Result<(), Error> {
    let Typing { room_id } = frame.json()?;
    Ok(service.delivery()?.typing(Who::Connection(&frame.connection), room_id).await?)
}
