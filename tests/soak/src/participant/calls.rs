//! HTTP requests of a client. They run concurrently with its WebSocket connection.

use chatchat_harness::{Answer, Failure, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    account::Account,
    history::{Attempt, Place, SeenMessage},
};

/// The result of a request.
pub(super) enum CallResult {
    /// A connection was opened.
    Opened(Result<Box<Socket>, Failure>),
    /// A page of a room's history was fetched. `connection` is the number of the connection at the
    /// time of the request.
    Fetched { room: i64, connection: u64, page: Result<Page, Failure> },
    /// A message was posted.
    Posted { room: i64, client_message_id: Uuid, outcome: PostOutcome },
    /// A room was fetched. `known` are the read markers at the time of the request: the client's
    /// own and the other side's.
    FetchedRoom { room: i64, known: (i64, i64), state: Result<RoomState, Failure> },
    /// A read marker was moved.
    Marked { room: i64, seq: i64, confirmed: bool },
}

/// A page of a room's history.
pub(super) struct Page {
    pub(super) messages: Vec<SeenMessage>,
    pub(super) last_seq: i64,
}

/// The read markers and the newest seq of a room.
pub(super) struct RoomState {
    pub(super) other: i64,
    pub(super) read: i64,
    pub(super) other_read: i64,
    pub(super) last_seq: i64,
}

/// The outcome of posting a message.
pub(super) enum PostOutcome {
    Stored(Place),
    Unknown,
    Rejected(String),
}

/// Creates a ticket and connects with it.
pub(super) async fn open(account: Account) -> CallResult {
    let open = async {
        let ticket = account.call(Method::POST, "/realtime/tickets", &Value::Null).await?.expect(201)?;
        let path = ticket.body["url"].as_str().ok_or("the ticket has no url")?;
        Ok(Box::new(Socket::open(&account.person().await.client.socket_address(path)).await?))
    };
    CallResult::Opened(open.await)
}

/// Fetches the messages after a seq.
pub(super) async fn fetch(account: Account, room: i64, connection: u64, after: i64) -> CallResult {
    let fetch = async {
        let path = format!("{}/messages?after={after}&limit=100", account.room(room));
        let body = account.call(Method::GET, &path, &Value::Null).await?.expect(200)?.body;
        let messages = body["messages"].as_array().ok_or("the page has no messages")?;
        let messages = messages.iter().map(seen).collect::<Option<_>>().ok_or("a message lacks a field")?;
        Ok(Page { messages, last_seq: body["lastSeq"].as_i64().ok_or("the page has no lastSeq")? })
    };
    CallResult::Fetched { room, connection, page: fetch.await }
}

/// Posts a message.
pub(super) async fn post(account: Account, message: Attempt) -> CallResult {
    let Attempt { room, client_message_id, content, .. } = message;
    let body = json!({ "clientMessageId": client_message_id, "content": content });
    let path = format!("{}/messages", account.room(room));
    let outcome = match account.call(Method::POST, &path, &body).await {
        Ok(answer) => post_outcome(&answer),
        Err(_) => PostOutcome::Unknown,
    };
    CallResult::Posted { room, client_message_id, outcome }
}

fn post_outcome(answer: &Answer) -> PostOutcome {
    match (answer.status, place(&answer.body)) {
        (200 | 201, Some(place)) => PostOutcome::Stored(place),
        (400..=499, _) if is_final(answer.code()) => PostOutcome::Rejected(answer.code().to_owned()),
        _ => PostOutcome::Unknown,
    }
}

/// Fetches a room's read markers and newest seq.
pub(super) async fn fetch_room(account: Account, room: i64, known: (i64, i64)) -> CallResult {
    let fetch = async {
        let body = account.call(Method::GET, &account.room(room), &Value::Null).await?.expect(200)?.body;
        let number = |field: &str| body[field].as_i64().ok_or(format!("the room has no {field}"));
        Ok(RoomState {
            other: number("receiverId")?,
            read: number("readSeq")?,
            other_read: number("receiverReadSeq")?,
            last_seq: number("lastSeq")?,
        })
    };
    CallResult::FetchedRoom { room, known, state: fetch.await }
}

/// Moves the account's own read marker.
pub(super) async fn mark(account: Account, room: i64, seq: i64) -> CallResult {
    let path = format!("{}/read", account.room(room));
    let answer = account.call(Method::PUT, &path, &json!({ "seq": seq })).await;
    CallResult::Marked { room, seq, confirmed: answer.is_ok_and(|answer| answer.status == 204) }
}

/// Parses a message of a response or a frame.
pub(crate) fn seen(message: &Value) -> Option<SeenMessage> {
    let Place { seq, id } = place(message)?;
    Some(SeenMessage {
        seq,
        id,
        sender: message["senderId"].as_i64()?,
        content: message["content"].as_str()?.to_owned(),
        client_message_id: message["clientMessageId"].as_str().and_then(|id| id.parse().ok()),
    })
}

/// Parses the seq and id of a message or an `ack`.
pub(crate) fn place(message: &Value) -> Option<Place> {
    Some(Place { seq: message["seq"].as_i64()?, id: message["id"].as_i64()? })
}

/// Returns whether an error code is permanent, so that sending the message again cannot help.
pub(super) fn is_final(code: &str) -> bool {
    ["validation_failed", "malformed_json", "room_not_found", "receiver_withdrawn", "message_id_reused"]
        .contains(&code)
}
