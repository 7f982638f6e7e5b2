//! `DELETE /company/auto-replies/{id}`: a company deletes an entry of its FAQ.

use chatchat_domain::{AutoReplyId, Company};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;

/// Answers 204; 404 `auto_reply_not_found`. What was asked before stays in the rooms.
pub async fn delete(service: &Service, request: &Request) -> Result<Answer, Error> {
    let company = request.caller::<Company>()?;
    let id = request.path::<AutoReplyId>("id")?;
    service.core.store.delete_auto_reply(&company, id).await?;
    Ok(Answer::no_content())
}
