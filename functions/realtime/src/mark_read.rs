//! The action `markRead`: somebody has read a room up to a seq.

use chatchat_domain::{RoomId, Seq};
use chatchat_lambda::Error;
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

use crate::frame::Frame;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    room_id: RoomId,
    seq: Seq,
}

/// Tells both sides with `read` if the marker moved.
pub async fn mark(service: &Service, frame: &Frame) -> Result<(), Error> {
    let Marker { room_id, seq } = frame.json()?;
    Ok(service.delivery()?.mark_read(Who::Connection(&frame.connection), room_id, seq).await?)
}
