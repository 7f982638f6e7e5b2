//! Every stable error code of the HTTP and the WebSocket API, with its text for people.

/// The languages that answers speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Unless the client prefers another.
    #[default]
    Korean,
    /// Where `Accept-Language` prefers it to Korean.
    English,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $korean:literal, $english:literal;)*) => {
        /// What went wrong, as a program sees it. The HTTP status of each stands in `chatchat-lambda`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code, as it stands in `code` of an answer.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The sentence for a person.
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
    /// At least one field, path or query value is wrong.
    ValidationFailed = "validation_failed", "입력값을 확인해 주세요.", "Some values are not valid.";
    /// Wrong username or password; one answer for both.
    LoginFailed = "login_failed", "아이디 또는 비밀번호가 맞지 않아요.", "The username or the password is wrong.";
    /// The refresh cookie is missing, unknown, expired or replayed.
    InvalidRefreshToken = "invalid_refresh_token", "다시 로그인해 주세요.", "Please log in again.";
    /// No access token, or one that is not valid any more.
    Unauthenticated = "unauthenticated", "로그인이 필요해요.", "Please log in.";
    /// A company called a customer's route, or the reverse.
    WrongRole = "wrong_role", "이 계정으로는 쓸 수 없는 기능이에요.", "This account cannot do that.";
    /// The current password, where it is asked for again, is wrong.
    WrongPassword = "wrong_password", "현재 비밀번호가 맞지 않아요.", "The current password is wrong.";
    /// The request came from a web page that is not ours.
    OriginNotAllowed = "origin_not_allowed", "허용되지 않은 출처의 요청이에요.", "Requests from this origin are not allowed.";
    /// No such route.
    RouteNotFound = "route_not_found", "없는 주소예요.", "There is no such route.";
    /// No such company, or not for this caller.
    CompanyNotFound = "company_not_found", "기업을 찾을 수 없어요.", "The company was not found.";
    /// No such room, or not for this caller.
    RoomNotFound = "room_not_found", "채팅방을 찾을 수 없어요.", "The chat room was not found.";
    /// No such FAQ entry, or not for this caller.
    AutoReplyNotFound = "auto_reply_not_found", "자동응답을 찾을 수 없어요.", "The auto-reply was not found.";
    /// The path exists, with other methods.
    MethodNotAllowed = "method_not_allowed", "허용되지 않은 메서드예요.", "The method is not allowed here.";
    /// More bytes than the route takes.
    BodyTooLarge = "body_too_large", "너무 커요. 요청 본문은 64KiB, 사진은 4MiB까지 보낼 수 있어요.", "Too large: a body can have 64 KiB, a picture 4 MiB.";
    /// The content type is not one that the route takes.
    UnsupportedMediaType = "unsupported_media_type", "지원하지 않는 형식이에요.", "The media type is not supported.";
    /// The username is or was somebody's.
    UsernameTaken = "username_taken", "이미 쓰이고 있는 아이디예요.", "The username is taken.";
    /// The new password is the old one.
    PasswordUnchanged = "password_unchanged", "현재 비밀번호와 다른 비밀번호를 사용해 주세요.", "The new password is the current one.";
    /// The FAQ has six entries.
    FaqLimitReached = "faq_limit_reached", "자동응답은 6개까지 만들 수 있어요.", "The FAQ can have six entries.";
    /// The account on the other side has left.
    ReceiverWithdrawn = "receiver_withdrawn", "탈퇴한 상대에게는 메시지를 보낼 수 없어요.", "The receiver has left; no message can be sent.";
    /// A `clientMessageId` that stands for another content already.
    MessageIdReused = "message_id_reused", "이미 다른 메시지에 쓰인 clientMessageId예요.", "This clientMessageId stands for another message.";
    /// A WebSocket frame with an action that does not exist.
    UnknownAction = "unknown_action", "알 수 없는 action이에요.", "There is no such action.";
    /// Too many passwords were tried, for this name or from this address.
    TooManyAttempts = "too_many_attempts", "시도가 너무 많았어요. 잠시 후 다시 시도해 주세요.", "Too many attempts; please try again later.";
    /// Our fault; the log has the cause.
    Internal = "internal", "서버에 문제가 생겼어요.", "Something went wrong on our side.";
    /// The database or another service is away; trying again can help.
    Unavailable = "unavailable", "잠시 후 다시 시도해 주세요.", "Please try again in a moment.";
}
