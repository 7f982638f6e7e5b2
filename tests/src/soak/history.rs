//! What was observed in a run, and nothing that was concluded from it.

use std::collections::BTreeMap;

use uuid::Uuid;

/// A message as somebody came to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number in its room.
    pub seq: i64,
    /// Its id.
    pub id: i64,
    /// The account that sent it.
    pub sender: i64,
    /// What it says.
    pub content: String,
    /// Its sender's name for it: only its sender is told, and nobody named what the product itself wrote.
    pub client_message_id: Option<Uuid>,
}

/// Where an acknowledgement says that a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number in its room.
    pub seq: i64,
    /// Its id.
    pub id: i64,
}

/// A message that somebody tried to send, as often as it took.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The room.
    pub room: i64,
    /// The account that sent it.
    pub sender: i64,
    /// The client that sent it. A client sends the next message of a room only when the one before was acknowledged.
    pub outbox: String,
    /// The sender's name for it.
    pub client_message_id: Uuid,
    /// What it says.
    pub content: String,
    /// How many times it was sent.
    pub sends: u32,
    /// Every different acknowledgement: none as long as its fate is unknown, one if all is well.
    pub acknowledged: Vec<Place>,
}

/// What an observer ended up with in a room.
#[derive(Clone, Debug)]
pub struct View {
    /// Who.
    pub observer: String,
    /// The room.
    pub room: i64,
    /// Whether the observer held it for complete.
    pub settled: bool,
    /// The messages in the order that they were shown in.
    pub shown: Vec<Seen>,
    /// What came for a seq that was taken by another message, and so was not shown.
    pub contradicted: Vec<Seen>,
}

/// A read marker as an observer was told of it.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    /// Where it stood.
    pub seq: i64,
    /// What it could not be below: what the observer knew already when it asked. 0 for what was pushed, for one push may
    /// overtake another.
    pub at_least: i64,
}

/// What one observer was told of one side's read marker in a room, in the order that it was told.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Who.
    pub observer: String,
    /// The room.
    pub room: i64,
    /// Whose marker.
    pub reader: i64,
    /// What was told.
    pub told: Vec<Marker>,
}

/// A room as the database has it in the end.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// By seq.
    pub messages: Vec<Seen>,
    /// Each side's read marker.
    pub markers: BTreeMap<i64, i64>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What each client tried to send, in the order that it began with it.
    pub attempts: Vec<Attempt>,
    /// What each observer ended up with.
    pub views: Vec<View>,
    /// What each observer was told of read markers.
    pub trails: Vec<Trail>,
    /// The rooms in the end.
    pub kept: BTreeMap<i64, Kept>,
}
