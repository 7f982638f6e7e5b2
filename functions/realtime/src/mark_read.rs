//! The action `markRead`: a client has read a room up to a seq.

use chatchat_delivery::Delivery;
use chatchat_domain::{RoomId, Seq};
use chatchat_function::Error;
use serde::Deserialize;

use crate::frame::Frame;

/// The fields of the frame.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// The room.
    pub room_id: RoomId,
    /// The newest message that was read.
    pub seq: Seq,
}

/// Sends `read` to both sides if the marker moved.
pub async fn mark(delivery: &Delivery, frame: &Frame) -> Result<(), Error> {
    let Marker { room_id, seq } = frame.json()?;
    Ok(delivery.mark_read(&frame.caller, room_id, seq).await?)
}
