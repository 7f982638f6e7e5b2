//! `GET /customer/chatrooms/{id}` and `GET /company/chatrooms/{id}`: an account reads one of its
//! rooms.

use chatchat_domain::{Caller, HistoryLimit, Role, RoomId};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use chatchat_store::Store;

/// Answers 200 with the room and its newest messages, in ascending order; 404 `room_not_found`.
pub async fn show<R: Role>(store: &Store, caller: &Caller<R>, request: &Request) -> Result<Answer, Error> {
    let (id, limit) = zip_invalid(request.path::<RoomId>("id"), request.query::<HistoryLimit>("limit"))?;
    Answer::ok(&store.room(caller, id, limit.unwrap_or_default()).await?)
}
