//! `GET /customer/chatrooms` and `GET /company/chatrooms`: an account lists its rooms.

use chatchat_domain::{Caller, ErrorCode, Keyword, Role, RoomFilter, RoomSummary, RoomsLimit};
use chatchat_function::{Answer, Error, Request, SigningKeys, zip_invalid};
use chatchat_store::{RoomQuery, Store};
use serde::Serialize;

use crate::cursor::List;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedRooms {
    chat_rooms: Vec<RoomSummary>,
    next: Option<String>,
    unread_total: i64,
}

/// Answers 200 with a page of the caller's rooms, latest first, and the cursor of the next page.
pub async fn list<R: Role>(
    (store, keys): &(Store, SigningKeys),
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    // Only frames lack an account.
    let account = caller.account().ok_or(ErrorCode::Unauthenticated)?;
    let chosen = zip_invalid(request.query::<RoomFilter>("filter"), request.query::<Keyword>("keyword"));
    let list =
        chosen.as_ref().ok().map(|(filter, keyword)| List::of::<R>(account, *filter, keyword.as_ref()));
    let after = match (&list, request.query_text("cursor")) {
        (Some(list), Some(cursor)) => list.place(keys, cursor).await.map(Some),
        _ => Ok(None),
    };
    let ((filter, keyword), (after, limit)) =
        zip_invalid(chosen, zip_invalid(after, request.query::<RoomsLimit>("limit")))?;
    let query = RoomQuery { after, limit: limit.unwrap_or_default(), filter, keyword };
    let page = store.rooms(caller, &query).await?;
    let next = match (list, page.next) {
        (Some(list), Some(place)) => Some(list.cursor(keys, place).await),
        _ => None,
    };
    Answer::ok(&ListedRooms { chat_rooms: page.rooms, next, unread_total: page.unread_total })
}
