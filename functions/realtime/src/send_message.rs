//! The action `sendMessage`: a client sends a message over its connection.

use chatchat_delivery::Delivery;
use chatchat_domain::{ClientMessageId, MessageContent, RoomId};
use chatchat_function::Error;
use serde::Deserialize;

use crate::frame::Frame;

/// The fields of the frame.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    /// The room.
    pub room_id: RoomId,
    /// The id that the client chose.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub content: MessageContent,
}

/// Answers with an `ack` once the message is committed.
pub async fn send(delivery: &Delivery, frame: &Frame) -> Result<(), Error> {
    let NewMessage { room_id, client_message_id, content } = frame.json()?;
    delivery.send_message(&frame.caller, room_id, client_message_id, &content).await?;
    Ok(())
}
