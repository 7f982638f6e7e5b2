//! `GET /customer/chatrooms` and `GET /company/chatrooms`: somebody lists their rooms.

use chatchat_domain::{PageNumber, Role};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 200 with a page of the caller's rooms, latest first.
pub async fn list<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let page = request.query::<PageNumber>("page")?.unwrap_or_default();
    let core = &service.core;
    let (rooms, page) = core.store.rooms(&caller, page).await?;
    Answer::ok(&json!({ "chatRooms": rooms, "page": page }))
}
