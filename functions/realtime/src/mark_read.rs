//! The action `markRead`: a client has read a room up to a seq.

use chatchat_delivery::Delivery;
use chatchat_domain::{RoomId, Seq};
use chatchat_function::Error;
use serde::Deserialize;

use crate::frame::Frame;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    room_id: RoomId,
    seq: Seq,
}

/// Sends `read` to both sides if the marker moved.
pub async fn mark(delivery: &Delivery, frame: &Frame) -> Result<(), Error> {
    let Marker { room_id, seq } = frame.json()?;
    Ok(delivery.mark_read(&frame.caller, room_id, seq).await?)
}
