//! `PUT /company/chatrooms/{id}/block` and `DELETE /company/chatrooms/{id}/block`: a company blocks
//! the customer of a room, or ends the block.

use chatchat_domain::{Caller, Company, RoomId};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 204; 404 `room_not_found`.
pub async fn block(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    store.block_customer(caller, request.path::<RoomId>("id")?, true).await?;
    Ok(Answer::no_content())
}

/// Answers 204, also if the customer was not blocked; 404 `room_not_found`.
pub async fn unblock(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    store.block_customer(caller, request.path::<RoomId>("id")?, false).await?;
    Ok(Answer::no_content())
}
