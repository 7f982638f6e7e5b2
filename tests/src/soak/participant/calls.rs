//! What a client asks over HTTP, beside its connection and without holding it up.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Answer, Failure, Socket,
    soak::{
        account::Account,
        history::{Attempt, Place, Seen},
    },
};

/// What came of a call.
pub(super) enum Done {
    /// A connection was asked for.
    Opened(Result<Box<Socket>, Failure>),
    /// A part of a room's history was asked for, on the connection of that number.
    Fetched { room: i64, connection: u64, page: Result<Page, Failure> },
    /// A message was posted.
    Posted { room: i64, client_message_id: Uuid, outcome: Posted },
    /// A room's read markers were asked for, when they were known to stand at `known`: one's own, the other's.
    Looked { room: i64, known: (i64, i64), found: Result<Look, Failure> },
    /// A read marker was moved.
    Marked { room: i64, seq: i64, confirmed: bool },
}

/// A part of a room's history.
pub(super) struct Page {
    pub(super) messages: Vec<Seen>,
    pub(super) last_seq: i64,
}

/// Where a room's markers stand.
pub(super) struct Look {
    pub(super) other: i64,
    pub(super) read: i64,
    pub(super) other_read: i64,
    pub(super) last_seq: i64,
}

/// What became of a message that was posted.
pub(super) enum Posted {
    Kept(Place),
    Unknown,
    Refused(String),
}

/// Takes a ticket, and connects with it.
pub(super) async fn open(account: Account) -> Done {
    let open = async {
        let ticket = account.call(Method::POST, "/realtime/tickets", &Value::Null).await?.expect(201)?;
        let path = ticket.body["url"].as_str().ok_or("the ticket has no url")?;
        Ok(Box::new(Socket::open(&account.person().await.client.socket_address(path)).await?))
    };
    Done::Opened(open.await)
}

/// Fetches what comes after a seq.
pub(super) async fn fetch(account: Account, room: i64, connection: u64, after: i64) -> Done {
    let fetch = async {
        let path = format!("{}/messages?after={after}&limit=100", account.room(room));
        let body = account.call(Method::GET, &path, &Value::Null).await?.expect(200)?.body;
        let messages = body["messages"].as_array().ok_or("the page has no messages")?;
        let messages = messages.iter().map(seen).collect::<Option<_>>().ok_or("a message lacks a field")?;
        Ok(Page { messages, last_seq: body["lastSeq"].as_i64().ok_or("the page has no lastSeq")? })
    };
    Done::Fetched { room, connection, page: fetch.await }
}

/// Posts a message.
pub(super) async fn post(account: Account, message: Attempt) -> Done {
    let Attempt { room, client_message_id, content, .. } = message;
    let body = json!({ "clientMessageId": client_message_id, "content": content });
    let path = format!("{}/messages", account.room(room));
    let outcome = match account.call(Method::POST, &path, &body).await {
        Ok(answer) => posted(&answer),
        Err(_) => Posted::Unknown,
    };
    Done::Posted { room, client_message_id, outcome }
}

fn posted(answer: &Answer) -> Posted {
    match (answer.status, place(&answer.body)) {
        (200 | 201, Some(place)) => Posted::Kept(place),
        (400..=499, _) if is_final(answer.code()) => Posted::Refused(answer.code().to_owned()),
        _ => Posted::Unknown,
    }
}

/// Looks where a room's markers stand.
pub(super) async fn look(account: Account, room: i64, known: (i64, i64)) -> Done {
    let look = async {
        let body = account.call(Method::GET, &account.room(room), &Value::Null).await?.expect(200)?.body;
        let number = |field: &str| body[field].as_i64().ok_or(format!("the room has no {field}"));
        Ok(Look {
            other: number("receiverId")?,
            read: number("readSeq")?,
            other_read: number("receiverReadSeq")?,
            last_seq: number("lastSeq")?,
        })
    };
    Done::Looked { room, known, found: look.await }
}

/// Moves one's own marker.
pub(super) async fn mark(account: Account, room: i64, seq: i64) -> Done {
    let path = format!("{}/read", account.room(room));
    let answer = account.call(Method::PUT, &path, &json!({ "seq": seq })).await;
    Done::Marked { room, seq, confirmed: answer.is_ok_and(|answer| answer.status == 204) }
}

/// A message as the HTTP API and the frames have it.
pub(in crate::soak) fn seen(message: &Value) -> Option<Seen> {
    let Place { seq, id } = place(message)?;
    Some(Seen {
        seq,
        id,
        sender: message["senderId"].as_i64()?,
        content: message["content"].as_str()?.to_owned(),
        client_message_id: message["clientMessageId"].as_str().and_then(|id| id.parse().ok()),
    })
}

/// Where a message or an `ack` says that the message is.
pub(super) fn place(message: &Value) -> Option<Place> {
    Some(Place { seq: message["seq"].as_i64()?, id: message["id"].as_i64()? })
}

/// Whether repeating a message that was refused so would change nothing.
pub(super) fn is_final(code: &str) -> bool {
    ["validation_failed", "malformed_json", "room_not_found", "receiver_withdrawn", "message_id_reused"]
        .contains(&code)
}
