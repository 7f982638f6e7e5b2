//! `DELETE /customer/chatrooms/{id}`: a customer leaves a room.

use chatchat_domain::{Caller, Customer, RoomId};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 204; 404 `room_not_found`. The next message brings the room back to the list.
pub async fn leave(store: &Store, caller: &Caller<Customer>, request: &Request) -> Result<Answer, Error> {
    store.leave_room(caller, request.path::<RoomId>("id")?).await?;
    Ok(Answer::no_content())
}
