//! `GET /customer/chatrooms/{id}/messages` and `GET /company/chatrooms/{id}/messages`: a part of a
//! room's history, for catching up and for scrolling back.

use chatchat_domain::{Caller, HistoryLimit, Message, Problem, Role, RoomId, Seq, Window};
use chatchat_function::{Answer, Error, FieldError, Request, zip_invalid};
use chatchat_store::Store;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryPart {
    messages: Vec<Message>,
    last_seq: Seq,
}

/// Answers 200 with up to `limit` messages right after or right before a seq, or the newest; 404
/// `room_not_found`.
pub async fn history<R: Role>(store: &Store, caller: &Caller<R>, request: &Request) -> Result<Answer, Error> {
    let (id, (window, limit)) = zip_invalid(
        request.path::<RoomId>("id"),
        zip_invalid(window(request), request.query::<HistoryLimit>("limit")),
    )?;
    let (messages, last_seq) = store.history(caller, id, window, limit.unwrap_or_default()).await?;
    Answer::ok(&HistoryPart { messages, last_seq })
}

fn window(request: &Request) -> Result<Window, Error> {
    match zip_invalid(request.query::<Seq>("after"), request.query::<Seq>("before"))? {
        (Some(_), Some(_)) => Err(Error::Invalid(vec![FieldError::new("before", Problem::Conflict)])),
        (Some(after), None) => Ok(Window::After(after)),
        (None, Some(before)) => Ok(Window::Before(before)),
        (None, None) => Ok(Window::Newest),
    }
}
