//! The FAQ of a company.

use serde::Serialize;

use crate::AutoReplyId;

/// An entry of an FAQ.
#[derive(Clone, Debug, Serialize)]
pub struct AutoReply {
    /// The id.
    pub id: AutoReplyId,
    /// The question, 1 to 60 characters.
    pub question: String,
    /// The answer, 1 to 200 characters.
    pub answer: String,
}
