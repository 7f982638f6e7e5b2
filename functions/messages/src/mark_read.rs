//! `PUT /customer/chatrooms/{id}/read` and `PUT /company/chatrooms/{id}/read`: somebody has read a room up to a seq.

use chatchat_domain::{Role, RoomId, Seq};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

#[derive(Deserialize)]
struct Marker {
    seq: Seq,
}

/// Answers 204; the marker never goes back and never passes the newest message. 404 `room_not_found`.
pub async fn mark<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let (room, Marker { seq }) = both(request.path::<RoomId>("id"), request.json())?;
    service.delivery()?.mark_read(Who::from(&caller), room, seq).await?;
    Ok(Answer::no_content())
}
