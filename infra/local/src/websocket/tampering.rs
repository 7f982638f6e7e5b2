//! Where connections, their frames and `@connections` meet the faults.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{AbortHandle, JoinHandle};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::WebSocketApi;
use super::connections::{Connection, Outgoing, SendError};
use super::handshake::gateway;
use super::management::{gone, refusal};
use super::session::End;
use crate::faults::{Answer, Fault, Moment, Tampering};

/// How long a frame waits to be overtaken.
const OVERTAKEN_WITHIN: Duration = Duration::from_secs(1);

/// Holds a place among the frames of a connection that are served at the same time.
type Permit = Option<OwnedSemaphorePermit>;

/// Which way a frame goes.
#[derive(Clone, Copy)]
enum Direction {
    /// From a client.
    Received,
    /// To a client.
    Pushed,
}

/// A frame that waits to be overtaken, with what lets it go when its time is up.
#[derive(Debug)]
pub(super) struct Held<T>(Mutex<Option<(T, AbortHandle)>>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Held<T> {
    /// Keeps a frame; without one that overtakes it, `let_go` follows.
    fn hold<F: Future<Output = ()> + Send>(&self, frame: T, let_go: impl FnOnce() -> F + Send + 'static) {
        // Held before its time can be up.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(OVERTAKEN_WITHIN).await;
            let_go().await;
        });
        *held = Some((frame, timer.abort_handle()));
    }

    /// For the timer: its time is up.
    fn let_go(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(|(frame, _)| frame)
    }

    /// For the frame that overtakes it.
    fn overtake(&self) -> Option<T> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.map(|(frame, timer)| {
            timer.abort();
            frame
        })
    }
}

impl WebSocketApi {
    /// Has a client's frame served, or does with it what a fault wants; breaks off where the connection is to end.
    pub(super) fn receive(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        frame: Utf8Bytes,
        permit: Permit,
    ) -> ControlFlow<End> {
        match self.cuts() {
            Some(Moment::BeforeFunction) => return ControlFlow::Break(End::Cut(None)),
            Some(Moment::AfterFunction) => {
                return ControlFlow::Break(End::Cut(Some(self.serve(connection, [frame], permit))));
            }
            None => {}
        }
        if let Some(held) = connection.held_frame.overtake() {
            self.serve(connection, [frame, held], permit);
            return ControlFlow::Continue(());
        }
        match self.tampers(Direction::Received) {
            None => _ = self.serve(connection, [frame], permit),
            Some(Tampering::Drop) => {}
            Some(Tampering::Double) => {
                self.serve(connection, [frame.clone()], None);
                self.serve(connection, [frame], permit);
            }
            Some(Tampering::Delay(time)) => {
                let (api, connection) = (Arc::clone(self), Arc::clone(connection));
                tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    api.message(&connection, &frame).await;
                });
            }
            Some(Tampering::Overtaken) => {
                let (api, waiting) = (Arc::clone(self), Arc::clone(connection));
                connection.held_frame.hold(frame, async move || {
                    if let Some(frame) = waiting.held_frame.let_go() {
                        api.message(&waiting, &frame).await;
                    }
                });
            }
        }
        ControlFlow::Continue(())
    }

    /// Serves frames, one after the other; their connection may have one more frame served at the same time when they are done.
    fn serve<const N: usize>(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        frames: [Utf8Bytes; N],
        permit: Permit,
    ) -> JoinHandle<()> {
        let (api, connection) = (Arc::clone(self), Arc::clone(connection));
        tokio::spawn(async move {
            for frame in frames {
                api.message(&connection, &frame).await;
            }
            drop(permit);
        })
    }

    /// Queues a message for a client, or does with it what a fault wants.
    pub(super) fn push(&self, connection: &Arc<Connection>, message: Vec<u8>) -> Result<(), SendError> {
        let queue = |message| connection.send(Outgoing::Message(message));
        if let Some(held) = connection.held_push.overtake() {
            let queued = queue(message);
            // A client that is gone or reads too slowly misses it, here as below.
            _ = queue(held);
            return queued;
        }
        let late = Arc::clone(connection);
        match self.tampers(Direction::Pushed) {
            None => return queue(message),
            Some(Tampering::Drop) => {}
            Some(Tampering::Double) => {
                queue(message.clone())?;
                return queue(message);
            }
            Some(Tampering::Delay(time)) => {
                tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    _ = late.send(Outgoing::Message(message));
                });
            }
            Some(Tampering::Overtaken) => connection.held_push.hold(message, async move || {
                _ = late.held_push.let_go().map(|message| late.send(Outgoing::Message(message)));
            }),
        }
        Ok(())
    }

    /// Has a call of `@connections` carried out, or answers it as a fault wants.
    pub(super) async fn call(
        self: &Arc<Self>,
        headers: &HeaderMap,
        method: Method,
        id: String,
        body: Bytes,
    ) -> Response<Body> {
        if !self.faults.any() {
            return self.carry_out(&method, &id, body);
        }
        let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        if !token.is_none_or(|token| self.lambda.lets_push(token)) {
            return failed();
        }
        let answer = self.faults.strikes(|fault| match fault {
            Fault::Connections(answer) if [Method::POST, Method::DELETE].contains(&method) => Some(*answer),
            _ => None,
        });
        match answer.map(|(answer, _)| answer) {
            None => self.carry_out(&method, &id, body),
            Some(Answer::Gone) => gone(),
            Some(Answer::Throttled) => {
                refusal(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", "Rate exceeded")
            }
            Some(Answer::Failed) => failed(),
            Some(Answer::Hang) => {
                // When the caller gives up, this is dropped.
                tokio::time::sleep(self.settings.websocket_integration_limit).await;
                let message = r#"{"message":"Endpoint request timed out"}"#;
                gateway(StatusCode::GATEWAY_TIMEOUT, message.to_owned())
            }
            Some(Answer::Late(time)) => {
                // In its own task: it is carried out though the caller may have given up.
                let api = Arc::clone(self);
                let late = tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    api.carry_out(&method, &id, body)
                });
                late.await.unwrap_or_else(|_| failed())
            }
        }
    }

    /// Whether the function of `$disconnect` is not to be told of an end.
    pub(super) fn withholds_disconnect(&self) -> bool {
        let fits = |fault: &Fault| matches!(fault, Fault::WithholdDisconnect).then_some(());
        self.faults.strikes(fits).is_some()
    }

    fn cuts(&self) -> Option<Moment> {
        let struck = self.faults.strikes(|fault| match fault {
            Fault::Cut(moment) => Some(*moment),
            _ => None,
        });
        struck.map(|(moment, _)| moment)
    }

    fn tampers(&self, direction: Direction) -> Option<Tampering> {
        let struck = self.faults.strikes(|fault| match (fault, direction) {
            (Fault::Received(tampering), Direction::Received)
            | (Fault::Pushed(tampering), Direction::Pushed) => Some(*tampering),
            _ => None,
        });
        struck.map(|(tampering, _)| tampering)
    }
}

fn failed() -> Response<Body> {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerErrorException", "Internal server error")
}
