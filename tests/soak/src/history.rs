//! The observations of a run, without any conclusions.

use std::collections::BTreeMap;

use uuid::Uuid;

/// A message as an observer saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMessage {
    /// The number in the room.
    pub seq: i64,
    /// The id.
    pub id: i64,
    /// The account that sent the message.
    pub sender: i64,
    /// The text.
    pub content: String,
    /// The `clientMessageId`. Only the sender receives it, and automatic messages have none.
    pub client_message_id: Option<Uuid>,
}

/// The seq and id of a message in an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number in the room.
    pub seq: i64,
    /// The id.
    pub id: i64,
}

/// A message that a client sent one or more times.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The room.
    pub room: i64,
    /// The account that sent the message.
    pub sender: i64,
    /// The client that sent the message, which sends the messages of a room one after another: each
    /// only after the previous one was acknowledged.
    pub outbox: String,
    /// The `clientMessageId`.
    pub client_message_id: Uuid,
    /// The text.
    pub content: String,
    /// How many times the message was sent.
    pub sends: u32,
    /// All different acknowledgements. Empty if there was none; one if there is no violation.
    pub acknowledged: Vec<Place>,
}

/// The messages of a room that an observer has at the end.
#[derive(Clone, Debug)]
pub struct View {
    /// The observer's name.
    pub observer: String,
    /// The room.
    pub room: i64,
    /// Whether the observer considered the view complete.
    pub settled: bool,
    /// The messages in the order in which they were shown.
    pub shown: Vec<SeenMessage>,
    /// Messages that were not shown because another message has their seq.
    pub contradicted: Vec<SeenMessage>,
}

/// A read marker that an observer received.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    /// The seq of the marker.
    pub seq: i64,
    /// The lowest valid seq. For a marker in a response, this is the marker that the observer knew
    /// when it sent the request; for a pushed marker it is 0, because one push may overtake
    /// another.
    pub at_least: i64,
}

/// The read markers of one side of a room that one observer received, in order.
#[derive(Clone, Debug)]
pub struct MarkerTrail {
    /// The observer's name.
    pub observer: String,
    /// The room.
    pub room: i64,
    /// The account whose marker it is.
    pub reader: i64,
    /// The received markers.
    pub received: Vec<Marker>,
}

/// A room in the database at the end.
#[derive(Clone, Debug, Default)]
pub struct StoredRoom {
    /// The messages, ordered by seq.
    pub messages: Vec<SeenMessage>,
    /// The read marker of each side's account.
    pub markers: BTreeMap<i64, i64>,
}

/// All observations of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The messages that clients sent, in the order of writing for each client.
    pub attempts: Vec<Attempt>,
    /// What each observer has at the end.
    pub views: Vec<View>,
    /// The read markers that each observer received.
    pub trails: Vec<MarkerTrail>,
    /// The rooms in the database at the end.
    pub stored: BTreeMap<i64, StoredRoom>,
}
