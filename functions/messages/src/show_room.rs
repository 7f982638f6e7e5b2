//! `GET /customer/chatrooms/{id}` and `GET /company/chatrooms/{id}`: an account looks into one of
//! its rooms.

use chatchat_domain::{HistoryLimit, Role, RoomId};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;

/// Answers 200 with the room and its newest messages, in ascending order; 404 `room_not_found`.
pub async fn show<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let (id, limit) = both(request.path::<RoomId>("id"), request.query::<HistoryLimit>("limit"))?;
    let core = &service.core;
    Answer::ok(&core.store.room(&caller, id, limit.unwrap_or_default()).await?)
}
