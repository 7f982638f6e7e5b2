//! `DELETE /customer/chatrooms/{id}`: a customer leaves a room.

use chatchat_domain::{Caller, Customer, RoomId, Seq};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use chatchat_store::Store;

/// Answers 204; 404 `room_not_found`. The next message brings the room back to the list. A message
/// after `seq` keeps it there.
pub async fn leave(store: &Store, caller: &Caller<Customer>, request: &Request) -> Result<Answer, Error> {
    let (room, seq) = zip_invalid(request.path::<RoomId>("id"), request.query::<Seq>("seq"))?;
    store.leave_room(caller, room, seq).await?;
    Ok(Answer::no_content())
}
