//! `POST /company/auto-replies`: a company adds an entry to its FAQ.

use chatchat_domain::{Caller, Company, FaqAnswer, Question};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_store::Store;
use serde::Deserialize;
use serde_json::json;

/// The body of a new or a changed entry.
#[derive(Deserialize)]
pub struct Entry {
    pub question: Question,
    pub answer: FaqAnswer,
}

/// Answers 201 with the id of the new entry; 409 `faq_limit_reached` if there are six.
pub async fn create(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    let Entry { question, answer } = request.json()?;
    let id = store.create_auto_reply(caller, &question, &answer).await?;
    Answer::created(&json!({ "id": id }))
}
