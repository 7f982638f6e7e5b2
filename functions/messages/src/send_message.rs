//! `POST /customer/chatrooms/{id}/messages` and `POST /company/chatrooms/{id}/messages`: an account
//! sends a message.

use chatchat_delivery::Delivery;
use chatchat_domain::{Caller, ClientMessageId, MessageContent, Role, RoomId};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    client_message_id: ClientMessageId,
    content: MessageContent,
}

/// Answers 201 with the message, or 200 with the existing one if this `clientMessageId` was used
/// before; 403 `blocked`; 404 `room_not_found`; 409 `receiver_withdrawn`, `message_id_reused`; 429
/// `too_many_requests`.
pub async fn send<R: Role>(
    delivery: &Delivery,
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let (room, body) = zip_invalid(request.path::<RoomId>("id"), request.json::<NewMessage>())?;
    let sent = delivery.send_message(caller, room, body.client_message_id, &body.content).await?;
    if sent.new { Answer::created(&sent.message) } else { Answer::ok(&sent.message) }
}
