//! `PUT /customer/chatrooms/{id}/read` and `PUT /company/chatrooms/{id}/read`: somebody has read a room up to a seq.

use chatchat_domain::{Caller, Role, RoomId, Seq};
use chatchat_lambda::{Answer, Error, Request, zip_invalid};
use chatchat_push::Delivery;
use serde::Deserialize;

#[derive(Deserialize)]
struct Marker {
    seq: Seq,
}

/// Answers 204; the marker never goes back and never passes the newest message. 404 `room_not_found`.
pub async fn mark<R: Role>(
    delivery: &Delivery,
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let (room, Marker { seq }) = zip_invalid(request.path::<RoomId>("id"), request.json())?;
    delivery.mark_read(caller, room, seq).await?;
    Ok(Answer::no_content())
}
