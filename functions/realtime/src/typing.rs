//! The action `typing`: the user of a client is typing.

use chatchat_delivery::Delivery;
use chatchat_domain::RoomId;
use chatchat_function::Error;
use serde::Deserialize;

use crate::frame::Frame;

/// The fields of the frame.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// The room.
    pub room_id: RoomId,
}

/// Sends `typing` to the other side. Nothing is stored.
pub async fn typing(delivery: &Delivery, frame: &Frame) -> Result<(), Error> {
    let Typing { room_id } = frame.json()?;
    Ok(delivery.typing(&frame.caller, room_id).await?)
}
