//! `POST /auto-replies/{id}`: a customer asks a question of the FAQ in a room.

use chatchat_delivery::Delivery;
use chatchat_domain::{AutoReplyId, Caller, ClientMessageId, Customer, Message, RoomId};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asking {
    chat_room_id: RoomId,
    client_message_id: Option<ClientMessageId>,
}

#[derive(Serialize)]
struct Asked {
    answer: String,
    messages: [Message; 2],
}

/// Answers 201 with the answer and the two stored messages, or 200 with the same if this
/// `clientMessageId` was used before; 404 `room_not_found`; 404 `auto_reply_not_found` if the entry
/// does not belong to the company of the room; 409 `receiver_withdrawn`, `message_id_reused`; 403
/// `blocked`; 429 `too_many_requests`.
pub async fn ask(delivery: &Delivery, caller: &Caller<Customer>, request: &Request) -> Result<Answer, Error> {
    let (id, Asking { chat_room_id, client_message_id }) =
        zip_invalid(request.path::<AutoReplyId>("id"), request.json())?;
    request.ids.set_room(chat_room_id);
    let asked = delivery.ask_auto_reply(caller, chat_room_id, id, client_message_id).await?;
    let body = Asked { answer: asked.answer.content.clone(), messages: [asked.question, asked.answer] };
    if asked.senders.is_some() { Answer::created(&body) } else { Answer::ok(&body) }
}
