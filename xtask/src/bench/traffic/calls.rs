//! The calls that the pages make, from `web/client`, `web/app` and `web/desk`.
//!
//! A person waits for a call if the page shows or accepts less than was asked for until the call
//! has ended. A call is in the background if the page already shows what it fetches, or if it
//! concerns only other people.

/// A call of a page: a route of the HTTP API, or a route of the WebSocket API.
pub struct Call {
    /// `METHOD /path`, or the key of a WebSocket route.
    pub route: &'static str,
    pub is_waited_for: bool,
    /// The calls that start, all at the same time, when this one has ended.
    pub then: &'static [Call],
}

const fn waited(route: &'static str, then: &'static [Call]) -> Call {
    Call { route, is_waited_for: true, then }
}

const fn background(route: &'static str, then: &'static [Call]) -> Call {
    Call { route, is_waited_for: false, then }
}

/// A customer with a session loads the page of a room: `/rooms/{id}`.
pub const ROOM_PAGE: &[Call] = &[
    // The cookie's session; all other calls need its token.
    waited(
        "POST /customer/token",
        &[
            // Without a connection, the page can neither send nor receive.
            waited("POST /realtime/tickets", &[waited("$connect", CUSTOMER_CONNECTED)]),
            // The room list, which the page has beside the room or counts unread messages from.
            waited("GET /customer/chatrooms", &[]),
            // The room with its newest messages.
            waited(
                "GET /customer/chatrooms/{room}",
                &[
                    // The questions above the input box.
                    waited("GET /auto-replies?companyId={company}", &[]),
                    background("markRead", &[]),
                ],
            ),
        ],
    ),
];

/// With a new connection, a page fetches everything again, because pushes may have been missed.
const CUSTOMER_CONNECTED: &[Call] = &[
    background("heartbeat", &[]),
    background("GET /customer/chatrooms/{room}", &[]),
    background("GET /customer/chatrooms", &[]),
];

/// A person without an account loads the directory: `/`.
pub const DIRECTORY_PAGE: &[Call] = &[
    // It shows that there is no session; the directory does not wait for it.
    background("POST /customer/token", &[]),
    waited("GET /companies?page=1", &[]),
];

/// A person without an account goes to a company's page: `/c/{id}`.
pub const COMPANY_PAGE: &[Call] =
    &[waited("GET /companies/{company}", &[]), waited("GET /auto-replies?companyId={company}", &[])];

/// A person signs up, to write to the company.
pub const SIGN_UP: &[Call] = &[waited("POST /customers", &[waited("POST /customer/session", SIGNED_UP)])];

/// The page of the company is shown again, opens the room and goes to it.
const SIGNED_UP: &[Call] = &[
    waited(
        "POST /realtime/tickets",
        &[waited("$connect", &[background("heartbeat", &[]), background("GET /customer/chatrooms", &[])])],
    ),
    waited("GET /customer/chatrooms", &[]),
    waited("GET /auto-replies?companyId={company}", &[]),
    // The company's page opens the room when it has the company.
    waited(
        "GET /companies/{company}",
        &[waited(
            "POST /customer/chatrooms",
            &[waited(
                "GET /customer/chatrooms/{room}",
                &[waited("GET /auto-replies?companyId={company}", &[]), background("markRead", &[])],
            )],
        )],
    ),
];

/// A customer selects a question of the FAQ.
pub const FAQ_QUESTION: &[Call] = &[waited("POST /auto-replies/{entry}", &[])];

/// An employee with a session loads the desk: `/desk`.
pub const DESK_PAGE: &[Call] = &[waited(
    "POST /company/token",
    &[
        waited(
            "POST /realtime/tickets",
            &[waited("$connect", &[background("heartbeat", &[]), background("GET /company/chatrooms", &[])])],
        ),
        // The inbox is shown when all three have ended.
        waited("GET /companies/me", &[]),
        waited("GET /company/auto-replies", &[]),
        waited("GET /company/chatrooms", &[]),
    ],
)];

/// An employee opens a room in the desk.
pub const DESK_ROOM: &[Call] = &[
    waited("GET /company/chatrooms/{room}", &[background("markRead", &[])]),
    // The date of the first message, in the panel of the customer.
    waited("GET /company/chatrooms/{room}/messages?after=0&limit=1", &[]),
];

/// The client replaces a connection after 90 to 110 minutes, and the page fetches everything again.
pub const DESK_RECONNECTS: &[Call] = &[background(
    "POST /realtime/tickets",
    &[background("$connect", &[background("heartbeat", &[]), background("GET /company/chatrooms", &[])])],
)];

/// A message. The sender waits for the `ack`.
pub const SEND: &[Call] = &[waited("sendMessage", &[])];

pub const TYPING: &[Call] = &[background("typing", &[])];

pub const HEARTBEAT: &[Call] = &[background("heartbeat", &[])];

/// A message arrives at a page that shows its room: the read marker moves, and the list is fetched
/// again. The pushed message is shown at once.
pub const CUSTOMER_RECEIVES: &[Call] =
    &[background("markRead", &[]), background("GET /customer/chatrooms", &[])];

/// A message arrives at a desk that shows its room.
pub const DESK_RECEIVES: &[Call] = &[background("markRead", &[]), background("GET /company/chatrooms", &[])];

/// A message arrives at a desk that shows another room, or at the desk of another employee.
pub const DESK_LISTS: &[Call] = &[background("GET /company/chatrooms", &[])];

/// A page is closed.
pub const LEAVE: &[Call] = &[background("$disconnect", &[])];

/// Not a part of the day: creates the account, the session and the room of a customer.
pub const PREPARE_CUSTOMER: &[Call] = &[background(
    "POST /customers",
    &[background("POST /customer/session", &[background("POST /customer/chatrooms", &[])])],
)];

/// Not a part of the day: creates the session of an employee.
pub const PREPARE_DESK: &[Call] = &[background("POST /company/session", &[])];
