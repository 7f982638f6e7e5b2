//! A step of a conversation.

/// One step of a conversation.
pub(super) enum Turn {
    /// The customer sends a message.
    Customer(&'static str),
    /// The company sends a message.
    Company(&'static str),
    /// The customer chooses a question of the company's FAQ.
    Faq(&'static str),
    /// The customer marks all messages as read.
    CustomerReads,
    /// The company marks all messages as read.
    CompanyReads,
}
