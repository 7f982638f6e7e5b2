//! `GET /auto-replies?companyId=`: anybody looks at the questions that a company answers at once.

use chatchat_domain::{CompanyId, Problem};
use chatchat_lambda::{Answer, Error, FieldError, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 200 with the questions, oldest first; 404 `company_not_found` as looking at the company does.
pub async fn list(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.optional_caller()?;
    let company = request
        .query::<CompanyId>("companyId")?
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("companyId", Problem::Required)]))?;
    let questions = service.core.store.auto_reply_questions(caller, company).await?;
    Answer::ok(&json!({ "autoReplyQuestions": questions }))
}
