//! `GET /customer/chatrooms` and `GET /company/chatrooms`: an account lists its rooms.

use chatchat_domain::{Keyword, Role, RoomFilter, RoomSummary, RoomsLimit};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;
use chatchat_store::RoomQuery;
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
pub async fn list<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let core = &service.core;
    let chosen = both(request.query::<RoomFilter>("filter"), request.query::<Keyword>("keyword"));
    let list = chosen.as_ref().ok().map(|(filter, keyword)| List::of(&caller, *filter, keyword.as_ref()));
    let after = match (&list, request.query_text("cursor")) {
        (Some(list), Some(cursor)) => list.place(core, cursor).await.map(Some),
        _ => Ok(None),
    };
    let ((filter, keyword), (after, limit)) =
        both(chosen, both(after, request.query::<RoomsLimit>("limit")))?;
    let query = RoomQuery { after, limit: limit.unwrap_or_default(), filter, keyword };
    let page = core.store.rooms(&caller, &query).await?;
    let next = match (list, page.next) {
        (Some(list), Some(place)) => Some(list.cursor(core, place).await?),
        _ => None,
    };
    Answer::ok(&ListedRooms { chat_rooms: page.rooms, next, unread_total: page.unread_total })
}
