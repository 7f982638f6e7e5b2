//! `PUT /customer/chatrooms/{id}/read` and `PUT /company/chatrooms/{id}/read`: an account has read
//! a room up to a seq.

use chatchat_delivery::Delivery;
use chatchat_domain::{Caller, Role, RoomId, Seq};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use serde::Deserialize;

#[derive(Deserialize)]
struct Marker {
    seq: Seq,
}

/// Answers 204; 404 `room_not_found`. The marker never moves back or past the newest message.
pub async fn mark<R: Role>(
    delivery: &Delivery,
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let (room, Marker { seq }) = zip_invalid(request.path::<RoomId>("id"), request.json())?;
    delivery.mark_read(caller, room, seq).await?;
    Ok(Answer::no_content())
}
