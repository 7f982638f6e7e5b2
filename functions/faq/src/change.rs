//! `PATCH /company/auto-replies/{id}`: a company changes an entry of its FAQ.

use chatchat_domain::{AutoReplyId, Company};
use chatchat_lambda::{Answer, Error, Request, both};
use chatchat_push::Service;

use crate::create::Entry;

/// Answers 204; 404 `auto_reply_not_found`. What was asked before stays in the rooms as it was.
pub async fn change(service: &Service, request: &Request) -> Result<Answer, Error> {
    let company = request.caller::<Company>()?;
    let (id, Entry { question, answer }) = both(request.path::<AutoReplyId>("id"), request.json())?;
    service.core.store.change_auto_reply(&company, id, &question, &answer).await?;
    Ok(Answer::no_content())
}
