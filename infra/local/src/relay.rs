//! A relay between the functions and PostgreSQL, whose connections can go silent.

use std::{convert::Infallible, io};

use tokio::{
    io::{AsyncReadExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinHandle,
};

use crate::listen;

/// A relay. Dropping it closes its port; open connections end with their functions.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    silence: watch::Sender<()>,
    task: JoinHandle<Infallible>,
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
        let task = tokio::spawn(accept(listener, (host, server_port), silence.clone()));
        Ok(Self { port: address.port(), silence, task })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Makes all open connections silent, and returns their number.
    pub(crate) fn silence(&self) -> usize {
        let open = self.silence.receiver_count();
        self.silence.send_replace(());
        open
    }
}

async fn accept(listener: TcpListener, server: (String, u16), silence: watch::Sender<()>) -> Infallible {
    loop {
        if let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, server.clone(), silence.subscribe()));
        }
    }
}

/// Relays one connection. A silent connection accepts what its client sends and never answers, and
/// its server does not see the client's end until the client closes.
async fn relay(
    mut client: TcpStream,
    server: (String, u16),
    mut silence: watch::Receiver<()>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    select! {
        done = copy_bidirectional(&mut client, &mut server) => return done.map(drop),
        _ = silence.changed() => {}
    }
    drop(silence);
    let mut discarded = [0; 4096];
    while client.read(&mut discarded).await? > 0 {}
    Ok(())
}
