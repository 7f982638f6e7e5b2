//! The stable error codes of the HTTP and the WebSocket API, with their messages.

/// The languages of error messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The default.
    #[default]
    Korean,
    /// Used if `Accept-Language` prefers English to Korean.
    English,
}

impl Language {
    /// The language subtag (RFC 5646), as the database stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $korean:literal, $english:literal;)*) => {
        /// An error code. `chatchat-function` maps each code to an HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the code as in the field `code` of a response.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the message for a person.
            pub fn message(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Korean) => $korean,
                      (Self::$variant, Language::English) => $english,)*
                }
            }
        }
    };
}

error_codes! {
    /// The body or frame is not JSON.
    MalformedJson = "malformed_json", "요청 본문이 올바른 JSON이 아니에요.", "The body is not valid JSON.";
    /// At least one field, path parameter or query parameter is invalid.
    ValidationFailed = "validation_failed", "입력값을 확인해 주세요.", "Some values are not valid.";
    /// The username or the password is wrong. The code is the same for both, so that it does not
    /// reveal which usernames exist.
    LoginFailed = "login_failed", "아이디 또는 비밀번호가 맞지 않아요.", "The username or the password is wrong.";
    /// The refresh cookie is missing, unknown, expired or replayed.
    InvalidRefreshToken = "invalid_refresh_token", "다시 로그인해 주세요.", "Please log in again.";
    /// The access token is missing, invalid or expired, or its session has ended.
    Unauthenticated = "unauthenticated", "로그인이 필요해요.", "Please log in.";
    /// A company called a customer's route, or a customer called a company's route.
    WrongRole = "wrong_role", "이 계정으로는 쓸 수 없는 기능이에요.", "This account cannot do that.";
    /// The current password, which some routes require again, is wrong.
    WrongPassword = "wrong_password", "현재 비밀번호가 맞지 않아요.", "The current password is wrong.";
    /// The operator has restricted the account, so that it cannot log in.
    AccountRestricted = "account_restricted", "이용이 제한된 계정이에요. 운영자에게 문의해 주세요.", "This account is restricted. Please contact the operator.";
    /// The request comes from a web page of another origin.
    OriginNotAllowed = "origin_not_allowed", "허용되지 않은 출처의 요청이에요.", "Requests from this origin are not allowed.";
    /// The path does not exist.
    RouteNotFound = "route_not_found", "없는 주소예요.", "There is no such route.";
    /// The company does not exist or is hidden from the caller.
    CompanyNotFound = "company_not_found", "기업을 찾을 수 없어요.", "The company was not found.";
    /// The room does not exist or does not belong to the caller.
    RoomNotFound = "room_not_found", "채팅방을 찾을 수 없어요.", "The chat room was not found.";
    /// The FAQ entry does not exist or is hidden from the caller.
    AutoReplyNotFound = "auto_reply_not_found", "자동응답을 찾을 수 없어요.", "The auto-reply was not found.";
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", "허용되지 않은 메서드예요.", "The method is not allowed here.";
    /// The body is larger than the route accepts.
    BodyTooLarge = "body_too_large", "너무 커요. 요청 본문은 64KiB, 사진은 4MiB까지 보낼 수 있어요.", "Too large: a body can have 64 KiB, a picture 4 MiB.";
    /// The route does not accept this content type.
    UnsupportedMediaType = "unsupported_media_type", "지원하지 않는 형식이에요.", "The media type is not supported.";
    /// Another account has or had this username.
    UsernameTaken = "username_taken", "이미 사용 중인 아이디예요.", "The username is taken.";
    /// The new password equals the current one.
    PasswordUnchanged = "password_unchanged", "현재 비밀번호와 다른 비밀번호를 사용해 주세요.", "The new password is the current one.";
    /// The FAQ has six entries already.
    FaqLimitReached = "faq_limit_reached", "자동응답은 6개까지 만들 수 있어요.", "The FAQ can have six entries.";
    /// The account on the other side was withdrawn.
    ReceiverWithdrawn = "receiver_withdrawn", "탈퇴한 상대에게는 메시지를 보낼 수 없어요.", "The receiver has left; no message can be sent.";
    /// The company has blocked the customer who calls.
    Blocked = "blocked", "기업이 대화를 차단해서 메시지를 보낼 수 없어요.", "The company has blocked this conversation; no message can be sent.";
    /// The `clientMessageId` was used already for a message with another content.
    MessageIdReused = "message_id_reused", "이미 다른 메시지에 쓰인 clientMessageId예요.", "This clientMessageId stands for another message.";
    /// The action of a WebSocket frame does not exist.
    UnknownAction = "unknown_action", "알 수 없는 action이에요.", "There is no such action.";
    /// There were too many attempts to enter a password from this network, for this username or in
    /// this session.
    TooManyAttempts = "too_many_attempts", "시도가 너무 많았어요. 잠시 후 다시 시도해 주세요.", "Too many attempts; please try again later.";
    /// The caller is over one of its limits.
    TooManyRequests = "too_many_requests", "요청이 너무 많았어요. 잠시 후 다시 시도해 주세요.", "Too many requests; please try again later.";
    /// An unexpected error in the server. The log contains the cause.
    Internal = "internal", "서버에 문제가 생겼어요.", "Something went wrong on our side.";
    /// The database or another service is not available. The client can try again.
    Unavailable = "unavailable", "잠시 후 다시 시도해 주세요.", "Please try again in a moment.";
}
