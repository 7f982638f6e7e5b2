//! Relays between the functions and the services that they call. They count the traffic, and the
//! connections of a relay can go silent.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinHandle,
    try_join,
};

use crate::listen;

/// A service that the functions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The database.
    Database,
    /// Secrets Manager.
    Secrets,
    /// S3.
    Storage,
    /// The management API of the WebSocket API.
    Management,
}

/// What the functions sent to a service since the start of the cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The TCP connections.
    pub connections: usize,
    /// How often a function sent something and received an answer on a connection. A request over
    /// HTTP is one round trip, and so is a statement of the database.
    pub round_trips: usize,
}

/// A relay. Dropping it closes its port; open connections end with their functions.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    counts: Arc<Counts>,
    silence: watch::Sender<()>,
    task: JoinHandle<Infallible>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Listens on a free port of 127.0.0.1 and connects each client to the server.
    pub(crate) async fn start(host: String, server_port: u16) -> io::Result<Self> {
        let (listener, address) = listen::free_port().await?;
        let silence = watch::Sender::new(());
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(accept(listener, (host, server_port), Arc::clone(&counts), silence.clone()));
        Ok(Self { port: address.port(), counts, silence, task })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            connections: self.counts.connections.load(Ordering::Relaxed),
            round_trips: self.counts.round_trips.load(Ordering::Relaxed),
        }
    }

    /// Makes all open connections silent, and returns their number.
    pub(crate) fn silence(&self) -> usize {
        let open = self.silence.receiver_count();
        self.silence.send_replace(());
        open
    }
}

async fn accept(
    listener: TcpListener,
    server: (String, u16),
    counts: Arc<Counts>,
    silence: watch::Sender<()>,
) -> Infallible {
    loop {
        if let Ok((client, _)) = listener.accept().await {
            counts.connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(relay(client, server.clone(), Arc::clone(&counts), silence.subscribe()));
        }
    }
}

/// Relays one connection. A silent connection accepts what its client sends and never answers, and
/// its server does not see the client's end until the client closes.
async fn relay(
    mut client: TcpStream,
    server: (String, u16),
    counts: Arc<Counts>,
    mut silence: watch::Receiver<()>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let relayed = async {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let waits = AtomicBool::new(false);
        let answered = || {
            if waits.swap(false, Ordering::Relaxed) {
                counts.round_trips.fetch_add(1, Ordering::Relaxed);
            }
        };
        try_join!(
            copy(from_client, to_server, || waits.store(true, Ordering::Relaxed)),
            copy(from_server, to_client, answered)
        )
    };
    select! {
        done = relayed => return done.map(drop),
        _ = silence.changed() => {}
    }
    drop(silence);
    let mut discarded = [0; 4096];
    while client.read(&mut discarded).await? > 0 {}
    Ok(())
}

/// Copies until the end of `from`. Calls `note` for each piece, before it is passed on.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    note: impl Fn(),
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut bytes).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        note();
        to.write_all(&bytes[..length]).await?;
    }
}
