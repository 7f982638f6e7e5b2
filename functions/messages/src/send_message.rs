//! `POST /customer/chatrooms/{id}/messages` and `POST /company/chatrooms/{id}/messages`: somebody sends a message.

use chatchat_domain::{ClientMessageId, MessageContent, Role, RoomId};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    client_message_id: ClientMessageId,
    content: MessageContent,
}

/// Answers 201 with the message, or 200 with the same one when its `clientMessageId` was seen before; 404
/// `room_not_found`, 409 `receiver_withdrawn`, `message_id_reused`.
pub async fn send<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let (room, body) = both(request.path::<RoomId>("id"), request.json::<NewMessage>())?;
    let sent = service
        .delivery()?
        .send_message(
            Who::from(&caller),
            room,
            body.client_message_id,
            &body.content,
            service.core.pictures()?,
        )
        .await?;
    if sent.new { Answer::created(&sent.message) } else { Answer::ok(&sent.message) }
}
