//! `POST /company/auto-replies`: a company adds an entry to its FAQ.

use chatchat_domain::{AutoReplyId, Caller, Company, FaqAnswer, Question};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;
use serde::{Deserialize, Serialize};

/// The body of a new or a changed entry.
#[derive(Deserialize)]
pub struct Entry {
    pub question: Question,
    pub answer: FaqAnswer,
}

#[derive(Serialize)]
struct CreatedEntry {
    id: AutoReplyId,
}

/// Answers 201 with the id of the new entry; 409 `faq_limit_reached` if there are six.
pub async fn create(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    let Entry { question, answer } = request.json()?;
    let id = store.create_auto_reply(caller, &question, &answer).await?;
    Answer::created(&CreatedEntry { id })
}
