//! A connection from the handshake to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    api::WebSocketApi,
    connections::{Connection, Outgoing},
    event, frames,
};
use crate::{faults::Moment, settings::Settings};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long a client may take to answer a closing frame.
const CLOSING: Duration = Duration::from_secs(2);

/// The code of a connection that ended without a closing frame, and the code of a closing frame
/// without a code (RFC 6455, 7.4.1).
const ABNORMAL: u16 = 1006;
const NO_CODE: u16 = 1005;

/// How a connection ended.
#[derive(Debug)]
enum End {
    /// The client has closed it or has disappeared.
    Client { code: u16, reason: String },
    /// The gateway closes it.
    Gateway { code: u16, reason: &'static str },
    /// The gateway cuts it without a closing frame. If there is a task, it processes the last frame,
    /// and `$disconnect` is called after it has ended.
    Cut(Option<JoinHandle<()>>),
}

/// Runs a connection until it has ended, and then calls the function of `$disconnect`.
pub(super) async fn run(
    api: Arc<WebSocketApi>,
    connection: Arc<Connection>,
    queue: mpsc::Receiver<Outgoing>,
    upgrade: OnUpgrade,
) {
    let (code, reason) = match upgrade.await {
        Ok(upgraded) => {
            let config = WebSocketConfig::default()
                .max_frame_size(Some(api.settings.frame_limit))
                .max_message_size(Some(api.settings.message_limit));
            let socket =
                WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
            converse(&api, &connection, queue, socket).await
        }
        // The client left during the handshake.
        Err(_) => (ABNORMAL, String::new()),
    };
    api.connections.remove(&connection.id);
    api.log.line(|| format!("WS $disconnect {code} {reason}"));
    if let Some(route) = api.routes.special("$disconnect").filter(|_| !api.faults.withholds_disconnect()) {
        // Best effort, as in API Gateway. The function logs its own failures.
        let event = event::disconnect(&api, &connection, code, &reason);
        _ = api.integrate(&route.function, &event).await;
    }
}

/// Returns the code and the reason of the end.
async fn converse(
    api: &Arc<WebSocketApi>,
    connection: &Arc<Connection>,
    queue: mpsc::Receiver<Outgoing>,
    socket: Socket,
) -> (u16, String) {
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        end = read(api, connection, &mut stream) => end,
        end = write(connection, queue, &mut sink) => end,
        end = expire(&api.settings, connection) => end,
        () = connection.cut.notified() => End::Cut(None),
    };
    // From here on `@connections` answers 410.
    api.connections.remove(&connection.id);
    match end {
        End::Client { code, reason } => {
            // Sends the answer to the closing frame that tungstenite has prepared.
            _ = tokio::time::timeout(CLOSING, sink.close()).await;
            (code, reason)
        }
        End::Gateway { code, reason } => {
            if let Ok(socket) = sink.reunite(stream) {
                _ = tokio::time::timeout(CLOSING, close(socket, code, reason)).await;
            }
            (code, reason.to_owned())
        }
        End::Cut(task) => {
            drop((sink, stream));
            if let Some(task) = task {
                _ = task.await;
            }
            (ABNORMAL, String::new())
        }
    }
}

async fn read(
    api: &Arc<WebSocketApi>,
    connection: &Arc<Connection>,
    stream: &mut SplitStream<Socket>,
) -> End {
    let permits = Arc::new(Semaphore::new(api.settings.parallel_frames.max(1)));
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(frame))) => {
                connection.touch();
                // The semaphore is never closed. Without a permit, the next frame waits in the
                // socket.
                let permit = Arc::clone(&permits).acquire_owned().await.ok();
                match api.faults.cuts() {
                    None => frames::receive(api, connection, frame, permit),
                    Some(Moment::BeforeFunction) => return End::Cut(None),
                    Some(Moment::AfterFunction) => {
                        return End::Cut(Some(frames::process(api, connection, vec![frame], permit)));
                    }
                }
            }
            Some(Ok(Message::Binary(_))) => {
                return End::Gateway { code: 1003, reason: "binary frames are not supported" };
            }
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame
                    .map_or((NO_CODE, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                return End::Client { code, reason };
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(Error::Capacity(_))) => {
                return End::Gateway { code: 1009, reason: "frame or message too large" };
            }
            Some(Err(Error::Utf8(_))) => {
                return End::Gateway { code: 1007, reason: "not UTF-8" };
            }
            Some(Err(_)) | None => {
                return End::Client { code: ABNORMAL, reason: String::new() };
            }
        }
    }
}

async fn write(
    connection: &Connection,
    mut queue: mpsc::Receiver<Outgoing>,
    sink: &mut SplitSink<Socket, Message>,
) -> End {
    while let Some(outgoing) = queue.recv().await {
        let message = match outgoing {
            Outgoing::Message(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Message::text(text),
                Err(error) => Message::binary(error.into_bytes()),
            },
            Outgoing::Close(code) => return End::Gateway { code, reason: "" },
        };
        if sink.send(message).await.is_err() {
            break;
        }
        connection.touch();
    }
    End::Client { code: ABNORMAL, reason: String::new() }
}

/// Waits for the end of the connection's lifetime, or until it has been idle for the idle limit.
async fn expire(settings: &Settings, connection: &Connection) -> End {
    let opened = Instant::now();
    loop {
        let now = crate::milliseconds(OffsetDateTime::now_utc());
        let idle = Duration::from_millis(u64::try_from(now - connection.last_active()).unwrap_or_default());
        let lifetime_left = settings.lifetime_limit.saturating_sub(opened.elapsed());
        let idle_left = settings.idle_limit.saturating_sub(idle);
        let left = lifetime_left.min(idle_left);
        if left.is_zero() {
            return End::Gateway { code: settings.expired_close_code, reason: "Going away" };
        }
        tokio::time::sleep(left).await;
    }
}

/// Sends a closing frame, and reads what the client still sends. Without that, a reset of the
/// socket could discard the closing frame.
async fn close(mut socket: Socket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(reason) };
    if socket.send(Message::Close(Some(frame))).await.is_err() {
        return;
    }
    let mut raw = socket.into_inner();
    _ = raw.shutdown().await;
    let mut rest = [0; 4096];
    while let Ok(1..) = raw.read(&mut rest).await {}
}
