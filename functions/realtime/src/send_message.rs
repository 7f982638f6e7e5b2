//! The action `sendMessage`: somebody sends a message over their connection.

use chatchat_domain::{ClientMessageId, MessageContent, RoomId};
use chatchat_lambda::Error;
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

use crate::frame::Frame;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    room_id: RoomId,
    client_message_id: ClientMessageId,
    content: MessageContent,
}

/// Answers with an `ack` once the message is committed.
pub async fn send(service: &Service, frame: &Frame) -> Result<(), Error> {
    let NewMessage { room_id, client_message_id, content } = frame.json()?;
    let who = Who::Connection(&frame.connection);
    let pictures = service.core.pictures()?;
    service.delivery()?.send_message(who, room_id, client_message_id, &content, pictures).await?;
    Ok(())
}
