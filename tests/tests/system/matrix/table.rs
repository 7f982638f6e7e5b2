//! Who may do what: the answers that each caller gets on each route and each action.

/// Who calls. A and company A have room R, B and company B have room S; the last two withdrew, and their tokens have not expired.
pub(super) const CALLERS: [&str; 7] =
    ["nobody", "customer A", "customer B", "company A", "company B", "customer A'", "company A'"];
pub(super) const A: usize = 1;
pub(super) const B: usize = 2;
pub(super) const COMPANY_A: usize = 3;
pub(super) const COMPANY_B: usize = 4;
pub(super) const GONE: usize = 5;
pub(super) const GONE_COMPANY: usize = 6;

/// What a request names, and so what it can name of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Nothing but what the token says.
    Nothing,
    /// A room.
    Room,
    /// A cursor of the list of rooms.
    Cursor,
    /// A keyword: the name of the other side of one's room, or of somebody else's.
    Keyword,
    /// A company: one that everybody sees, or a hidden one in place of somebody else's.
    Company,
    /// An entry of an FAQ.
    Entry,
    /// The room in which an entry is asked.
    RoomOfEntry,
    /// A picture's URL, which has to be of one's own upload.
    Picture,
    /// A picture itself.
    File,
    /// A new username, or one that is taken.
    NewUsername,
    /// A username to log in with, and its password.
    Login,
    /// The caller's password, for a caller that is used up by it.
    Password,
    /// A refresh cookie; that of an ended session in place of somebody else's.
    Cookie,
    /// A session of the caller's own account.
    Session,
    /// A ticket; a used one in place of somebody else's.
    Ticket,
}

/// What stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Own,
    SomebodyElses,
    NeverGivenOut,
    Malformed,
    /// One's own, and somebody else's identity in the body, or in the query where there is no body.
    WithIdentity,
}

impl Id {
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::WithIdentity)
    }
}

impl Names {
    pub(super) fn ids(self) -> &'static [Id] {
        match self {
            Self::Nothing => &[Id::Own, Id::WithIdentity],
            Self::File => &[Id::Own, Id::Malformed, Id::WithIdentity],
            Self::NewUsername => &[Id::Own, Id::SomebodyElses, Id::Malformed, Id::WithIdentity],
            Self::Password => &[Id::Own, Id::NeverGivenOut, Id::Malformed, Id::WithIdentity],
            _ => &[Id::Own, Id::SomebodyElses, Id::NeverGivenOut, Id::Malformed, Id::WithIdentity],
        }
    }
}

/// A line of the table: the status of each caller with what is their own, and what those whom it lets in get for somebody else's
/// and for what was never given out. To a malformed id they get 400 `validation_failed`, and whom it refuses gets the same whatever
/// they name.
pub(super) type Row = (&'static str, Names, [u16; 7], &'static str);

#[rustfmt::skip]
pub(super) const ROUTES: &[Row] = &[
    //                                                             nobody   A    B  coA  coB   A' coA'   somebody else's, or none
    ("POST /customers",                      Names::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /companies",                      Names::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /customer/session",               Names::Login,           [400, 201, 201, 400, 400, 400, 400], "400 login_failed"),
    ("POST /company/session",                Names::Login,           [400, 400, 400, 201, 201, 400, 400], "400 login_failed"),
    ("POST /customer/token",                 Names::Cookie,          [400, 201, 201, 400, 400, 400, 400], "400 invalid_refresh_token"),
    ("POST /company/token",                  Names::Cookie,          [400, 400, 400, 201, 201, 400, 400], "400 invalid_refresh_token"),
    ("DELETE /customer/session",             Names::Cookie,          [204, 204, 204, 204, 204, 204, 204], "204 "),
    ("DELETE /company/session",              Names::Cookie,          [204, 204, 204, 204, 204, 204, 204], "204 "),
    ("GET /customers/me/sessions",           Names::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me/sessions",           Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    // A session of another account is left as it is, and gets the same answer.
    ("DELETE /customers/me/sessions/{id}",   Names::Session,         [401, 204, 204, 403, 403, 401, 401], "204 "),
    ("DELETE /companies/me/sessions/{id}",   Names::Session,         [401, 403, 403, 204, 204, 401, 401], "204 "),
    ("PATCH /customers/me/password",         Names::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("PATCH /companies/me/password",         Names::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("DELETE /customers/me",                 Names::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("DELETE /companies/me",                 Names::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("GET /customers/me",                    Names::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me",                    Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("PATCH /customers/me",                  Names::Picture,         [401, 204, 204, 403, 403, 401, 401], "400 validation_failed"),
    ("PATCH /companies/me",                  Names::Picture,         [401, 403, 403, 204, 204, 401, 401], "400 validation_failed"),
    ("POST /files",                          Names::File,            [401, 201, 201, 201, 201, 401, 401], ""),
    ("GET /companies",                       Names::Nothing,         [200, 200, 200, 200, 200, 401, 401], ""),
    ("GET /companies/{id}",                  Names::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("GET /company/auto-replies",            Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("POST /company/auto-replies",           Names::Nothing,         [401, 403, 403, 201, 201, 401, 401], ""),
    ("PATCH /company/auto-replies/{id}",     Names::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("DELETE /company/auto-replies/{id}",    Names::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("GET /auto-replies",                    Names::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("POST /auto-replies/{id}",              Names::Entry,           [401, 201, 201, 403, 403, 401, 401], "404 auto_reply_not_found"),
    ("POST /auto-replies/{id}",              Names::RoomOfEntry,     [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms",             Names::Company,         [401, 200, 200, 403, 403, 401, 401], "404 company_not_found"),
    ("GET /customer/chatrooms",              Names::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /company/chatrooms",               Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("GET /customer/chatrooms",              Names::Cursor,          [401, 200, 200, 403, 403, 401, 401], "400 validation_failed"),
    ("GET /company/chatrooms",               Names::Cursor,          [401, 403, 403, 200, 200, 401, 401], "400 validation_failed"),
    ("GET /customer/chatrooms",              Names::Keyword,         [401, 200, 200, 403, 403, 401, 401], "200 "),
    ("GET /company/chatrooms",               Names::Keyword,         [401, 403, 403, 200, 200, 401, 401], "200 "),
    ("GET /customer/chatrooms/{id}",         Names::Room,            [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}",          Names::Room,            [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("GET /customer/chatrooms/{id}/messages",  Names::Room,          [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}/messages",   Names::Room,          [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms/{id}/messages", Names::Room,          [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /company/chatrooms/{id}/messages",  Names::Room,          [401, 403, 403, 201, 201, 401, 401], "404 room_not_found"),
    ("PUT /customer/chatrooms/{id}/read",    Names::Room,            [401, 204, 204, 403, 403, 401, 401], "404 room_not_found"),
    ("PUT /company/chatrooms/{id}/read",     Names::Room,            [401, 403, 403, 204, 204, 401, 401], "404 room_not_found"),
    ("POST /realtime/tickets",               Names::Nothing,         [401, 201, 201, 201, 201, 401, 401], ""),
    ("GET /health",                          Names::Nothing,         [200, 200, 200, 200, 200, 200, 200], ""),
    ("$default",                             Names::Nothing,         [404, 404, 404, 404, 404, 404, 404], "404 route_not_found"),
];

/// The same for frames: 200 for what is done, 401 where there is no connection to send it on.
#[rustfmt::skip]
pub(super) const ACTIONS: &[Row] = &[
    //                              nobody   A    B  coA  coB   A' coA'   somebody else's, or none
    ("$connect",    Names::Ticket,  [401, 200, 200, 200, 200, 401, 401], "401 unauthenticated"),
    ("$disconnect", Names::Nothing, [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("$default",    Names::Room,    [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("sendMessage", Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("markRead",    Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("typing",      Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    // Rooms that are not the caller's are passed over.
    ("heartbeat",   Names::Room,    [401, 200, 200, 200, 200, 401, 401], "200 "),
];

/// The status and the code that a cell of the table has.
pub(super) fn expected(&(_, names, statuses, otherwise): &Row, caller: usize, id: Id) -> (u16, &'static str) {
    let otherwise =
        otherwise.split_once(' ').map_or((0, ""), |(status, code)| (status.parse().unwrap(), code));
    match (statuses[caller], id) {
        (401, _) => (401, "unauthenticated"),
        (403, _) => (403, "wrong_role"),
        (status, _) if status >= 400 => (status, otherwise.1),
        (status, Id::Own | Id::WithIdentity) => (status, ""),
        (_, Id::SomebodyElses | Id::NeverGivenOut) => otherwise,
        (_, Id::Malformed) if matches!(names, Names::Cookie | Names::Login | Names::Ticket) => otherwise,
        (_, Id::Malformed) => (400, "validation_failed"),
    }
}
