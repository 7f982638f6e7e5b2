//! A connection from the handshake to its end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::connections::{Connection, Outgoing};
use super::handshake::failure;
use super::{WebSocketApi, event};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long a client may take to answer a closing frame.
const CLOSING: Duration = Duration::from_secs(2);

/// Code of a connection that ended without a closing frame, and of a closing frame without a code (RFC 6455, 7.4.1).
const ABNORMAL: u16 = 1006;
const NO_CODE: u16 = 1005;

/// How a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// The client closed it, or is gone.
    Client { code: u16, reason: String },
    /// The gateway closes it.
    Gateway { code: u16, reason: &'static str },
    /// It is cut, without a closing frame; it has ended when this work has.
    Cut(Option<JoinHandle<()>>),
}

impl WebSocketApi {
    pub(super) async fn session(
        self: Arc<Self>,
        connection: Arc<Connection>,
        queue: mpsc::Receiver<Outgoing>,
        upgrade: OnUpgrade,
    ) {
        let (code, reason) = match upgrade.await {
            Ok(upgraded) => {
                let config = WebSocketConfig::default()
                    .max_frame_size(Some(self.settings.frame_limit))
                    .max_message_size(Some(self.settings.message_limit));
                let socket =
                    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                        .await;
                self.converse(&connection, queue, socket).await
            }
            // The client left during the handshake.
            Err(_) => (ABNORMAL, String::new()),
        };
        self.connections.remove(&connection.id);
        self.log.line(|| format!("WS $disconnect {code} {reason}"));
        if let Some(route) = self.routes.special("$disconnect").filter(|_| !self.withholds_disconnect()) {
            // Best effort: nobody is left to be told of a failure, and the function's own is in its log.
            _ = self.integrate(&route.function, &self.disconnect_event(&connection, code, &reason)).await;
        }
    }

    async fn converse(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        queue: mpsc::Receiver<Outgoing>,
        socket: Socket,
    ) -> (u16, String) {
        let (mut sink, mut stream) = socket.split();
        let end = tokio::select! {
            end = self.read(connection, &mut stream) => end,
            end = Self::write(connection, queue, &mut sink) => end,
            end = self.expire(connection) => end,
            () = connection.cut.notified() => End::Cut(None),
        };
        // From here on `@connections` answers 410.
        self.connections.remove(&connection.id);
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
            End::Cut(work) => {
                drop((sink, stream));
                if let Some(work) = work {
                    _ = work.await;
                }
                (ABNORMAL, String::new())
            }
        }
    }

    async fn read(self: &Arc<Self>, connection: &Arc<Connection>, stream: &mut SplitStream<Socket>) -> End {
        let permits = Arc::new(Semaphore::new(self.settings.parallel_frames.max(1)));
        loop {
            match stream.next().await {
                Some(Ok(Message::Text(body))) => {
                    connection.touch();
                    // The semaphore is never closed; without a permit the next frame waits in the socket.
                    let permit = Arc::clone(&permits).acquire_owned().await.ok();
                    if let ControlFlow::Break(end) = self.receive(connection, body, permit) {
                        return end;
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    return End::Gateway { code: 1003, reason: "binary frames are not supported" };
                }
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((NO_CODE, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
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

    /// Waits for the end of the lifetime, or until nothing has passed for the idle limit.
    async fn expire(&self, connection: &Connection) -> End {
        let code = self.settings.expired_close_code;
        let opened = Instant::now();
        loop {
            let now = crate::milliseconds(OffsetDateTime::now_utc());
            let idle =
                Duration::from_millis(u64::try_from(now - connection.last_active()).unwrap_or_default());
            let left =
                self.settings.lifetime_limit.checked_sub(opened.elapsed()).filter(|left| !left.is_zero());
            let (Some(left), Some(quiet)) =
                (left, self.settings.idle_limit.checked_sub(idle).filter(|left| !left.is_zero()))
            else {
                return End::Gateway { code, reason: "Going away" };
            };
            tokio::time::sleep(left.min(quiet)).await;
        }
    }

    /// Runs the function of a message. What it answers reaches the client only on a route with a route response.
    pub(super) async fn message(&self, connection: &Arc<Connection>, body: &str) {
        let started = Instant::now();
        let request = event::request_id();
        let (answer, note) = match self.routes.of_message(body) {
            None => {
                let text = format!(
                    r#"{{"message":"Forbidden","connectionId":"{}","requestId":"{request}"}}"#,
                    connection.id
                );
                (Some(text), "no route".to_owned())
            }
            Some(route) => match self
                .integrate(&route.function, &self.message_event(connection, &route.key, &request, body))
                .await
            {
                Ok(answer) => (if route.answers { text_of(&answer) } else { None }, route.key.clone()),
                Err(problem) => (
                    Some(failure("Internal server error", &connection.id, &request)),
                    format!("{} {problem}", route.key),
                ),
            },
        };
        if let Some(text) = answer {
            // A client that is gone or reads too slowly misses it, as it would miss a push.
            _ = self.push(connection, text.into_bytes());
        }
        self.log.line(|| {
            format!("WS {note} {:.1} ms {}", started.elapsed().as_secs_f64() * 1000.0, connection.id)
        });
    }
}

/// The body of an answer.
fn text_of(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    answer["body"].as_str().map(str::to_owned)
}

/// Says goodbye, and reads what the client still sends, so that the closing frame is not lost to a reset of the socket.
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
