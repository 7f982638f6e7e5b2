//! The error type of the functions, and the only table from error codes to HTTP statuses.

use chatchat_domain::{ErrorCode, Language, Problem, causes};
use chatchat_store::StoreError;
use chatchat_tokens::TokenError;
use http::StatusCode;
use serde_json::{Value, json};

/// A field with an invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name in the body, the path or the query; `body` for the whole body.
    pub field: String,
    /// Why the value is invalid.
    pub problem: Problem,
}

impl FieldError {
    /// Creates an error from a field and its problem.
    pub fn new(field: &str, problem: Problem) -> Self {
        Self { field: field.to_owned(), problem }
    }
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is refused for the reason that the code says.
    #[error("refused: {}", .0.as_str())]
    Refused(ErrorCode),
    /// Like `Refused`, but after a statement has checked the caller's session.
    #[error("refused by the store: {}", .0.as_str())]
    RefusedByStore(ErrorCode),
    /// The path exists only with these methods, in the format of the `Allow` header.
    #[error("method not allowed; allowed: {0}")]
    MethodNotAllowed(&'static str),
    /// Too many passwords were tried. The number is the seconds to wait.
    #[error("too many attempts; try again in {0} s")]
    TooManyAttempts(u32),
    /// The caller is over one of its limits. The number is the seconds to wait.
    #[error("too many requests; try again in {0} s")]
    TooManyRequests(u32),
    /// A connection continues to send frames over its limit, and must be closed.
    #[error("too many frames, also after the limit")]
    Flood,
    /// All invalid fields.
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldError>),
    /// A retry may succeed.
    #[error("unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect of the product. The cause is only logged.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Creates an error for a defect of the product, with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Returns the stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(code) | Self::RefusedByStore(code) => *code,
            Self::MethodNotAllowed(_) => ErrorCode::MethodNotAllowed,
            Self::TooManyAttempts(_) => ErrorCode::TooManyAttempts,
            Self::TooManyRequests(_) | Self::Flood => ErrorCode::TooManyRequests,
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Returns whether the request was rejected before a statement checked the caller's session.
    pub fn precedes_session_check(&self) -> bool {
        match self {
            Self::Refused(code) => *code != ErrorCode::Unauthenticated,
            Self::MethodNotAllowed(_) | Self::Invalid(_) => true,
            Self::RefusedByStore(_)
            | Self::TooManyAttempts(_)
            | Self::TooManyRequests(_)
            | Self::Flood
            | Self::Unavailable(_)
            | Self::Internal(_) => false,
        }
    }

    /// Returns the message for a person. It lists the invalid fields with their problems.
    pub fn message(&self, language: Language) -> String {
        let mut text = self.code().message(language).to_owned();
        if let Self::Invalid(fields) = self {
            for FieldError { field, problem } in fields {
                text = format!("{text} {field}: {}", problem.message(language));
            }
        }
        text
    }

    /// Returns the body of the response. The body never contains the cause.
    pub(crate) fn body(&self, language: Language, request_id: &str) -> Value {
        let mut body = json!({
            "code": self.code().as_str(),
            "message": self.code().message(language),
            "requestId": request_id,
        });
        if let Self::Invalid(fields) = self {
            let describe = |FieldError { field, problem }: &FieldError| json!({ "field": field, "code": problem.code(), "message": problem.message(language) });
            body["fields"] = fields.iter().map(describe).collect();
        }
        body
    }

    /// Logs a failure with its causes. Refusals are not logged.
    pub fn log(&self, request_id: &str) {
        match self {
            Self::Unavailable(_) => tracing::warn!(request_id, causes = causes(self), "unavailable"),
            Self::Internal(_) => tracing::error!(request_id, causes = causes(self), "internal error"),
            Self::Refused(_)
            | Self::RefusedByStore(_)
            | Self::MethodNotAllowed(_)
            | Self::TooManyAttempts(_)
            | Self::TooManyRequests(_)
            | Self::Flood
            | Self::Invalid(_) => {}
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(code) => Self::RefusedByStore(code),
            StoreError::TooManyAttempts(seconds) => Self::TooManyAttempts(seconds),
            StoreError::TooManyRequests(seconds) => Self::TooManyRequests(seconds),
            StoreError::Flood => Self::Flood,
            StoreError::LostConnection(cause) | StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Conflict => {
                Self::Unavailable("concurrent transactions changed the same rows, also after a retry".into())
            }
            StoreError::Unexpected(cause) => Self::Internal(cause),
        }
    }
}

impl From<TokenError> for Error {
    fn from(_: TokenError) -> Self {
        Self::Refused(ErrorCode::Unauthenticated)
    }
}

/// Returns both values. If both are invalid, the error names the fields of both.
pub fn zip_invalid<A, B>(one: Result<A, Error>, other: Result<B, Error>) -> Result<(A, B), Error> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Error::Invalid(mut fields)), Err(Error::Invalid(more))) => {
            fields.extend(more);
            Err(Error::Invalid(fields))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Returns the HTTP status of a code.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::MalformedJson
        | ErrorCode::ValidationFailed
        | ErrorCode::LoginFailed
        | ErrorCode::InvalidRefreshToken
        | ErrorCode::UnknownAction => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::WrongRole
        | ErrorCode::WrongPassword
        | ErrorCode::OriginNotAllowed
        | ErrorCode::Blocked
        | ErrorCode::AccountRestricted => StatusCode::FORBIDDEN,
        ErrorCode::RouteNotFound
        | ErrorCode::CompanyNotFound
        | ErrorCode::RoomNotFound
        | ErrorCode::AutoReplyNotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::UsernameTaken
        | ErrorCode::PasswordUnchanged
        | ErrorCode::FaqLimitReached
        | ErrorCode::ReceiverWithdrawn
        | ErrorCode::MessageIdReused => StatusCode::CONFLICT,
        ErrorCode::TooManyAttempts | ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_error_does_not_show_its_cause() {
        let error = Error::internal("select secret from /etc/passwd");
        assert_eq!(
            error.body(Language::English, "r-1"),
            json!({ "code": "internal", "message": "Something went wrong on our side.", "requestId": "r-1" })
        );
    }

    #[test]
    fn zip_invalid_names_the_fields_of_both() {
        let wrong =
            |field: &str| Err::<(), _>(Error::Invalid(vec![FieldError::new(field, Problem::Required)]));
        let Err(Error::Invalid(fields)) = zip_invalid(wrong("id"), wrong("content")) else {
            panic!("both are wrong")
        };
        assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["id", "content"]);
        assert!(matches!(zip_invalid(Ok(()), wrong("content")), Err(Error::Invalid(_))));
    }

    #[test]
    fn every_code_has_an_error_status() {
        for code in ErrorCode::ALL {
            assert!(status(*code).as_u16() >= 400, "{}", code.as_str());
        }
    }
}
