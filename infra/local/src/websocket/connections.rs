//! The open connections, and the frames that are sent to their clients.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use time::OffsetDateTime;
use tokio::sync::{
    Notify,
    mpsc::{self, error::TrySendError},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    deliver::{Held, deliver},
    id,
};
use crate::faults::Faults;

/// A frame to a client.
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
    /// When the last message passed, in milliseconds since the epoch.
    last_active: AtomicI64,
    outgoing: mpsc::Sender<Outgoing>,
    /// Notified when the connection must be cut.
    pub(super) cut: Notify,
    pub(super) held_frame: Held<Utf8Bytes>,
    held_push: Held<Vec<u8>>,
}

/// Why a frame could not be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// The connection is not open.
    Gone,
    /// The client reads too slowly.
    Full,
}

impl Connection {
    /// Creates a connection and the queue of frames to its client.
    pub(super) fn new(
        source_ip: IpAddr,
        user_agent: Option<String>,
        host: String,
        buffer: usize,
    ) -> (Self, mpsc::Receiver<Outgoing>) {
        let (outgoing, queue) = mpsc::channel(buffer.max(1));
        let connected_at = OffsetDateTime::now_utc();
        let connection = Self {
            id: id::random(),
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

    /// Records that a message has passed, in either direction.
    pub(super) fn touch(&self) {
        self.last_active.store(crate::milliseconds(OffsetDateTime::now_utc()), Ordering::Relaxed);
    }

    /// When the last message passed, in milliseconds since the epoch.
    pub(super) fn last_active(&self) -> i64 {
        self.last_active.load(Ordering::Relaxed)
    }

    /// Queues a message for the client.
    pub(super) fn push(self: &Arc<Self>, message: Vec<u8>, faults: &Faults) -> Result<(), SendError> {
        let connection = Arc::clone(self);
        let later = move |message| _ = connection.send(Outgoing::Message(message));
        let messages = deliver(message, &self.held_push, || faults.pushed(), later);
        let mut sent = messages.into_iter().map(|message| self.send(Outgoing::Message(message)));
        let result = sent.next().unwrap_or(Ok(()));
        // The caller has already got its response for these messages.
        sent.for_each(|_| {});
        result
    }

    /// Queues a frame for the client.
    pub(super) fn send(&self, outgoing: Outgoing) -> Result<(), SendError> {
        self.outgoing.try_send(outgoing).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full,
            TrySendError::Closed(_) => SendError::Gone,
        })
    }
}

/// The open connections by id; `None` after the API has been closed.
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

    /// Adds a connection. Returns false if the API has been closed.
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

    /// Cuts all connections. Returns their number.
    pub(super) fn cut(&self) -> usize {
        let open = self.lock().as_mut().map(std::mem::take).unwrap_or_default();
        for connection in open.values() {
            connection.cut.notify_one();
        }
        open.len()
    }

    /// Sends a closing frame to all clients and accepts no new connections.
    pub(super) fn close(&self) {
        for connection in self.lock().take().into_iter().flatten().map(|(_, connection)| connection) {
            // If a client reads too slowly for this, its connection ends with the process.
            _ = connection.send(Outgoing::Close(1001));
        }
    }
}
