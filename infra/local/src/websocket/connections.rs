//! The open connections, and what can be done to one from outside.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use time::OffsetDateTime;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::tampering::Held;

/// Bytes of a connection's id: sixteen characters that end in `=`.
const ID_BYTES: usize = 11;

/// What goes to a client.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Vec<u8>),
    Close(u16),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) connected_at: OffsetDateTime,
    pub(super) source_ip: IpAddr,
    pub(super) user_agent: Option<String>,
    pub(super) host: String,
    /// Milliseconds since the epoch.
    last_active: AtomicI64,
    outgoing: mpsc::Sender<Outgoing>,
    /// Told when the connection is to be cut.
    pub(super) cut: Notify,
    /// A frame of the client that is to be overtaken.
    pub(super) held_frame: Held<Utf8Bytes>,
    /// A push that is to be overtaken.
    pub(super) held_push: Held<Vec<u8>>,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// The connection is not open.
    Gone,
    /// The client reads too slowly.
    Full,
}

impl Connection {
    /// A new connection with the queue of what goes to its client.
    pub(super) fn new(
        source_ip: IpAddr,
        user_agent: Option<String>,
        host: String,
        buffer: usize,
    ) -> (Self, mpsc::Receiver<Outgoing>) {
        let (outgoing, queue) = mpsc::channel(buffer.max(1));
        let connected_at = OffsetDateTime::now_utc();
        let connection = Self {
            id: new_id(),
            connected_at,
            source_ip,
            user_agent,
            host,
            last_active: AtomicI64::new(crate::milliseconds(connected_at)),
            outgoing,
            cut: Notify::new(),
            held_frame: Held::default(),
            held_push: Held::default(),
        };
        (connection, queue)
    }

    /// Notes that a message passed, in either direction.
    pub(super) fn touch(&self) {
        self.last_active.store(crate::milliseconds(OffsetDateTime::now_utc()), Ordering::Relaxed);
    }

    /// When the last message passed, in milliseconds since the epoch.
    pub(super) fn last_active(&self) -> i64 {
        self.last_active.load(Ordering::Relaxed)
    }

    /// Queues something for the client.
    pub(super) fn send(&self, outgoing: Outgoing) -> Result<(), SendError> {
        self.outgoing.try_send(outgoing).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full,
            TrySendError::Closed(_) => SendError::Gone,
        })
    }
}

/// The open connections by id; nothing once the API is closed.
#[derive(Debug)]
pub(super) struct Connections(Mutex<Option<HashMap<String, Arc<Connection>>>>);

impl Default for Connections {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<String, Arc<Connection>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; false when the API is closed.
    pub(super) fn open(&self, connection: &Arc<Connection>) -> bool {
        self.lock().as_mut().map(|open| open.insert(connection.id.clone(), Arc::clone(connection))).is_some()
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Connection>> {
        self.lock().as_ref()?.get(id).cloned()
    }

    pub(super) fn remove(&self, id: &str) {
        if let Some(open) = self.lock().as_mut() {
            open.remove(id);
        }
    }

    /// Has all connections cut, and says how many there were.
    pub(super) fn cut(&self) -> usize {
        let open = self.lock().as_mut().map(std::mem::take).unwrap_or_default();
        for connection in open.values() {
            connection.cut.notify_one();
        }
        open.len()
    }

    /// Tells all clients to go, and takes no new connections.
    pub(super) fn close(&self) {
        for connection in self.lock().take().into_iter().flatten().map(|(_, connection)| connection) {
            // A client that reads too slowly even for this is cut off when the process ends.
            _ = connection.send(Outgoing::Close(1001));
        }
    }
}

fn new_id() -> String {
    let random = uuid::Uuid::new_v4();
    URL_SAFE.encode(&random.as_bytes()[..ID_BYTES])
}

/// Whether a text can be the id of a connection, open or not.
pub(super) fn is_id(text: &str) -> bool {
    URL_SAFE.decode(text).is_ok_and(|bytes| bytes.len() == ID_BYTES)
}
