//! `GET /customer/chatrooms/{id}` and `GET /company/chatrooms/{id}`: somebody looks into a room.

use chatchat_domain::{Page, PageNumber, Role, RoomDetail, RoomId};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;
use serde::Serialize;

#[derive(Serialize)]
struct ShownRoom {
    #[serde(flatten)]
    room: RoomDetail,
    page: Page,
}

/// Answers 200 with the room and a page of its messages, the newest on page 1; 404 `room_not_found`.
pub async fn show<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let (id, page) = both(request.path::<RoomId>("id"), request.query::<PageNumber>("page"))?;
    let core = &service.core;
    let (room, page) = core.store.room(&caller, id, page.unwrap_or_default()).await?;
    Answer::ok(&ShownRoom { room, page })
}
