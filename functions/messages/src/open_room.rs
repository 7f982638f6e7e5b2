//! `POST /customer/chatrooms`: a customer opens the room with a company.

use chatchat_domain::{Caller, CompanyId, Customer, RoomId};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRoom {
    company_id: CompanyId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedRoom {
    chat_room_id: RoomId,
}

/// Answers 201 with a new room, which begins with the guide message, or 200 with the existing room;
/// 404 `company_not_found`; 429 `too_many_requests`.
pub async fn open(store: &Store, caller: &Caller<Customer>, request: &Request) -> Result<Answer, Error> {
    let NewRoom { company_id } = request.json()?;
    let room = store.open_room(caller, company_id).await?;
    request.ids.set_room(room.id);
    let body = OpenedRoom { chat_room_id: room.id };
    if room.new { Answer::created(&body) } else { Answer::ok(&body) }
}
