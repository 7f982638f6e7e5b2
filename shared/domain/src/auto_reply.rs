//! The FAQ of a company.

use serde::Serialize;

use crate::AutoReplyId;

/// An entry.
#[derive(Clone, Debug, Serialize)]
pub struct AutoReply {
    /// The entry.
    pub id: AutoReplyId,
    /// 1 to 60 characters.
    pub question: String,
    /// 1 to 200 characters.
    pub answer: String,
}
