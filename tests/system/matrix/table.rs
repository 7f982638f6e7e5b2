//! The answers that each caller gets on each route and each action.

/// The callers. Customer A and company A have room R. Customer B and company B have room S.
/// Customer A' and company A' have withdrawn, and their tokens have not expired.
pub(super) const CALLERS: [&str; 7] =
    ["anonymous", "customer A", "customer B", "company A", "company B", "customer A'", "company A'"];
pub(super) const CUSTOMER_A: usize = 1;
pub(super) const CUSTOMER_B: usize = 2;
pub(super) const COMPANY_A: usize = 3;
pub(super) const COMPANY_B: usize = 4;
pub(super) const WITHDRAWN_CUSTOMER: usize = 5;
pub(super) const WITHDRAWN_COMPANY: usize = 6;

/// What a request refers to. [`Id::Foreign`] means the subject of another account, unless the
/// variant says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Nothing but the caller's own account.
    Nothing,
    /// A room.
    Room,
    /// A cursor of the list of rooms.
    Cursor,
    /// A keyword: the name of the other side of the caller's room; for [`Id::Foreign`], of a
    /// foreign room.
    Keyword,
    /// A visible company; for [`Id::Foreign`], a hidden one.
    Company,
    /// An entry of an FAQ.
    Entry,
    /// The room in which an entry is asked.
    RoomOfEntry,
    /// The URL of a picture, which the caller must have uploaded.
    Picture,
    /// A picture file to upload.
    File,
    /// A new username; for [`Id::Foreign`], a taken one.
    NewUsername,
    /// A username and a password to log in with.
    Login,
    /// The caller's password, on routes that end or change the caller's account.
    Password,
    /// A refresh cookie; for [`Id::Foreign`], that of an ended session.
    Cookie,
    /// A session of the caller's own account.
    Session,
    /// A ticket; for [`Id::Foreign`], a used one.
    Ticket,
}

/// The kind of id that a request has for its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Own,
    /// The id of another account's subject.
    Foreign,
    /// A valid id that does not exist.
    Unknown,
    Malformed,
    /// The caller's own id, with the identity of another account in the body, or in the query of a
    /// request without a body.
    WithIdentity,
}

impl Id {
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::WithIdentity)
    }
}

impl Subject {
    /// The kinds of id that requests for this subject are made with.
    pub(super) fn ids(self) -> &'static [Id] {
        match self {
            Self::Nothing => &[Id::Own, Id::WithIdentity],
            Self::File => &[Id::Own, Id::Malformed, Id::WithIdentity],
            Self::NewUsername => &[Id::Own, Id::Foreign, Id::Malformed, Id::WithIdentity],
            Self::Password => &[Id::Own, Id::Unknown, Id::Malformed, Id::WithIdentity],
            _ => &[Id::Own, Id::Foreign, Id::Unknown, Id::Malformed, Id::WithIdentity],
        }
    }
}

/// A row: the route or action, its subject, the status that each caller gets for an own id, and the
/// answer that permitted callers get for a foreign or unknown id.
///
/// Permitted callers get 400 `validation_failed` for a malformed id. A refused caller gets the same
/// refusal for any id.
pub(super) type Row = (&'static str, Subject, [u16; 7], &'static str);

#[rustfmt::skip]
pub(super) const ROUTES: &[Row] = &[
    //                                                                 anon   A    B  coA  coB   A' coA'   foreign or unknown id
    ("POST /customers",                      Subject::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /companies",                      Subject::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /customer/session",               Subject::Login,           [400, 201, 201, 400, 400, 400, 400], "400 login_failed"),
    ("POST /company/session",                Subject::Login,           [400, 400, 400, 201, 201, 400, 400], "400 login_failed"),
    ("POST /customer/token",                 Subject::Cookie,          [400, 201, 201, 400, 400, 400, 400], "400 invalid_refresh_token"),
    ("POST /company/token",                  Subject::Cookie,          [400, 400, 400, 201, 201, 400, 400], "400 invalid_refresh_token"),
    ("DELETE /customer/session",             Subject::Cookie,          [204, 204, 204, 204, 204, 204, 204], "204 "),
    ("DELETE /company/session",              Subject::Cookie,          [204, 204, 204, 204, 204, 204, 204], "204 "),
    ("GET /customers/me/sessions",           Subject::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me/sessions",           Subject::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    // A session of another account is not ended, and the answer is the same.
    ("DELETE /customers/me/sessions/{id}",   Subject::Session,         [401, 204, 204, 403, 403, 401, 401], "204 "),
    ("DELETE /companies/me/sessions/{id}",   Subject::Session,         [401, 403, 403, 204, 204, 401, 401], "204 "),
    ("PATCH /customers/me/password",         Subject::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("PATCH /companies/me/password",         Subject::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("DELETE /customers/me",                 Subject::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("DELETE /companies/me",                 Subject::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("GET /customers/me",                    Subject::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me",                    Subject::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("PATCH /customers/me",                  Subject::Picture,         [401, 204, 204, 403, 403, 401, 401], "400 validation_failed"),
    ("PATCH /companies/me",                  Subject::Picture,         [401, 403, 403, 204, 204, 401, 401], "400 validation_failed"),
    ("GET /customers/me/export",             Subject::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me/export",             Subject::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("POST /files",                          Subject::File,            [401, 201, 201, 201, 201, 401, 401], ""),
    ("GET /companies",                       Subject::Nothing,         [200, 200, 200, 200, 200, 401, 401], ""),
    ("GET /companies/{id}",                  Subject::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("GET /company/auto-replies",            Subject::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("POST /company/auto-replies",           Subject::Nothing,         [401, 403, 403, 201, 201, 401, 401], ""),
    ("PATCH /company/auto-replies/{id}",     Subject::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("DELETE /company/auto-replies/{id}",    Subject::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("GET /auto-replies",                    Subject::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("POST /auto-replies/{id}",              Subject::Entry,           [401, 201, 201, 403, 403, 401, 401], "404 auto_reply_not_found"),
    ("POST /auto-replies/{id}",              Subject::RoomOfEntry,     [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms",             Subject::Company,         [401, 200, 200, 403, 403, 401, 401], "404 company_not_found"),
    ("GET /customer/chatrooms",              Subject::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /company/chatrooms",               Subject::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("GET /customer/chatrooms",              Subject::Cursor,          [401, 200, 200, 403, 403, 401, 401], "400 validation_failed"),
    ("GET /company/chatrooms",               Subject::Cursor,          [401, 403, 403, 200, 200, 401, 401], "400 validation_failed"),
    ("GET /customer/chatrooms",              Subject::Keyword,         [401, 200, 200, 403, 403, 401, 401], "200 "),
    ("GET /company/chatrooms",               Subject::Keyword,         [401, 403, 403, 200, 200, 401, 401], "200 "),
    ("GET /customer/chatrooms/{id}",         Subject::Room,            [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}",          Subject::Room,            [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("GET /customer/chatrooms/{id}/messages",  Subject::Room,          [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}/messages",   Subject::Room,          [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms/{id}/messages", Subject::Room,          [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /company/chatrooms/{id}/messages",  Subject::Room,          [401, 403, 403, 201, 201, 401, 401], "404 room_not_found"),
    ("PUT /customer/chatrooms/{id}/read",    Subject::Room,            [401, 204, 204, 403, 403, 401, 401], "404 room_not_found"),
    ("PUT /company/chatrooms/{id}/read",     Subject::Room,            [401, 403, 403, 204, 204, 401, 401], "404 room_not_found"),
    ("DELETE /customer/chatrooms/{id}",      Subject::Room,            [401, 204, 204, 403, 403, 401, 401], "404 room_not_found"),
    ("PUT /company/chatrooms/{id}/block",    Subject::Room,            [401, 403, 403, 204, 204, 401, 401], "404 room_not_found"),
    ("DELETE /company/chatrooms/{id}/block", Subject::Room,            [401, 403, 403, 204, 204, 401, 401], "404 room_not_found"),
    ("POST /realtime/tickets",               Subject::Nothing,         [401, 201, 201, 201, 201, 401, 401], ""),
    ("HEAD /health",                         Subject::Nothing,         [200, 200, 200, 200, 200, 200, 200], ""),
    ("GET /health",                          Subject::Nothing,         [200, 200, 200, 200, 200, 200, 200], ""),
    ("$default",                             Subject::Nothing,         [404, 404, 404, 404, 404, 404, 404], "404 route_not_found"),
];

/// The same for frames: 200 if the action is carried out, 401 if the caller cannot connect.
#[rustfmt::skip]
pub(super) const ACTIONS: &[Row] = &[
    //                                anon   A    B  coA  coB   A' coA'   foreign or unknown id
    ("$connect",    Subject::Ticket,  [401, 200, 200, 200, 200, 401, 401], "401 unauthenticated"),
    ("$disconnect", Subject::Nothing, [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("$default",    Subject::Room,    [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("sendMessage", Subject::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("markRead",    Subject::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("typing",      Subject::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    // A heartbeat ignores rooms that are not the caller's.
    ("heartbeat",   Subject::Room,    [401, 200, 200, 200, 200, 401, 401], "200 "),
];

/// The status and the code that the table expects.
pub(super) fn expected(
    &(_, subject, statuses, otherwise): &Row,
    caller: usize,
    id: Id,
) -> (u16, &'static str) {
    let otherwise =
        otherwise.split_once(' ').map_or((0, ""), |(status, code)| (status.parse().unwrap(), code));
    match (statuses[caller], id) {
        (401, _) => (401, "unauthenticated"),
        (403, _) => (403, "wrong_role"),
        (status, _) if status >= 400 => (status, otherwise.1),
        (status, Id::Own | Id::WithIdentity) => (status, ""),
        (_, Id::Foreign | Id::Unknown) => otherwise,
        (_, Id::Malformed) if matches!(subject, Subject::Cookie | Subject::Login | Subject::Ticket) => {
            otherwise
        }
        (_, Id::Malformed) => (400, "validation_failed"),
    }
}
