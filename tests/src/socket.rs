//! One WebSocket connection.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite};
use tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode};

use crate::Failure;

/// How long a frame may take before it counts as not coming.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A connection as a client has it.
pub struct Socket {
    /// Elsewhere on the heap, for with TLS it is large.
    stream: Box<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Socket {
    /// Connects without an `Origin`, as a program does.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        Self::handshake(url, &[])
            .await
            .map_err(|status| format!("the handshake was refused with {status}").into())
    }

    /// Connects with more headers; a refusal gives its HTTP status, 0 where there was no answer.
    pub async fn handshake(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().map_err(|_| 0_u16)?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().map_err(|_| 0_u16)?);
        }
        // The handshake of TLS makes this future large.
        match Box::pin(connect_async(request)).await {
            Ok((stream, _)) => {
                if let MaybeTlsStream::Plain(stream) = stream.get_ref() {
                    stream.set_nodelay(true).map_err(|_| 0_u16)?;
                }
                Ok(Self { stream: Box::new(stream) })
            }
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> Result<(), Failure> {
        self.send_raw(Message::text(frame.to_string())).await
    }

    /// Sends whatever it is.
    pub async fn send_raw(&mut self, message: Message) -> Result<(), Failure> {
        Ok(self.stream.send(message).await?)
    }

    /// Sends a message to a room and gives the id that it was sent under.
    pub async fn say(&mut self, room: i64, content: &str) -> Result<String, Failure> {
        let id = uuid::Uuid::new_v4().to_string();
        self.send(
            &json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": content }),
        )
        .await?;
        Ok(id)
    }

    /// The next event from the server, within [`PATIENCE`].
    pub async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Err(_) => return Err("no event came".into()),
                Ok(Some(Ok(Message::Text(text)))) => return Ok(serde_json::from_str(&text)?),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(other) => return Err(format!("the connection ended: {other:?}").into()),
            }
        }
    }

    /// The next event of a type; those before it are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Result<Value, Failure> {
        loop {
            let event = self.next().await?;
            if event["type"] == kind {
                return Ok(event);
            }
        }
    }

    /// The code that the server closes with, within [`PATIENCE`]; none where the connection just ends.
    pub async fn closed(&mut self) -> Result<Option<CloseCode>, Failure> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Err(_) => return Err("the connection is still open".into()),
                Ok(Some(Ok(Message::Close(frame)))) => return Ok(frame.map(|frame| frame.code)),
                Ok(Some(Ok(_))) => {}
                Ok(None | Some(Err(_))) => return Ok(None),
            }
        }
    }

    /// The next event from the server, however long it takes; none when the connection has ended. Whoever stops waiting misses nothing.
    /// Dropping the socket, then or at any time, cuts the TCP connection without a closing frame.
    pub async fn receive(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                _ => return None,
            }
        }
    }

    /// Closes in good order.
    pub async fn close(mut self) -> Result<(), Failure> {
        Ok(self.stream.as_mut().close(None).await?)
    }
}
