//! `GET /company/auto-replies`: a company reads its FAQ.

use chatchat_domain::{Caller, Company};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

use crate::list_questions::Entries;

/// Answers 200 with all entries, oldest first.
pub async fn list(store: &Store, caller: &Caller<Company>, _: &Request) -> Result<Answer, Error> {
    let entries = store.own_auto_replies(caller).await?;
    Answer::ok(&Entries { auto_replies: entries })
}
