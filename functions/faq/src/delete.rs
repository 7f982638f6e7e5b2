//! `DELETE /company/auto-replies/{id}`: a company deletes an entry of its FAQ.

use chatchat_domain::{AutoReplyId, Caller, Company};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 204; 404 `auto_reply_not_found`. Messages that are already in rooms stay.
pub async fn delete(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    let id = request.path::<AutoReplyId>("id")?;
    store.delete_auto_reply(caller, id).await?;
    Ok(Answer::no_content())
}
