//! `PATCH /company/auto-replies/{id}`: a company changes an entry of its FAQ.

use chatchat_domain::{AutoReplyId, Caller, Company};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use chatchat_store::Store;

use crate::create::Entry;

/// Answers 204; 404 `auto_reply_not_found`. Messages that are already in rooms do not change.
pub async fn change(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    let (id, Entry { question, answer }) = zip_invalid(request.path::<AutoReplyId>("id"), request.json())?;
    store.change_auto_reply(caller, id, &question, &answer).await?;
    Ok(Answer::no_content())
}
