//! A WebSocket connection.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite};
use tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode};

use crate::Failure;

/// How long tests wait for a frame or another condition before they fail.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The client's side of a WebSocket connection.
pub struct Socket {
    /// Boxed, because with TLS it is large.
    stream: Box<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Socket {
    /// Connects without an `Origin` header, as clients other than browsers do.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        Self::handshake(url, &[])
            .await
            .map_err(|status| format!("the handshake failed with status {status}").into())
    }

    /// Connects with additional headers. The error is the HTTP status of the response, or 0 if
    /// there was no response.
    pub async fn handshake(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().map_err(|_| 0_u16)?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().map_err(|_| 0_u16)?);
        }
        // Boxed, because the TLS handshake makes this future large.
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

    /// Sends a JSON frame.
    pub async fn send(&mut self, frame: &Value) -> Result<(), Failure> {
        self.send_raw(Message::text(frame.to_string())).await
    }

    /// Sends a WebSocket message of any kind.
    pub async fn send_raw(&mut self, message: Message) -> Result<(), Failure> {
        Ok(self.stream.send(message).await?)
    }

    /// Sends a message to a room and returns its `clientMessageId`.
    pub async fn say(&mut self, room: i64, content: &str) -> Result<String, Failure> {
        let id = uuid::Uuid::new_v4().to_string();
        self.send(
            &json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": content }),
        )
        .await?;
        Ok(id)
    }

    /// Waits for the next frame from the server, for at most [`PATIENCE`].
    pub async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Err(_) => return Err("no frame arrived in time".into()),
                Ok(Some(Ok(Message::Text(text)))) => return Ok(serde_json::from_str(&text)?),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(other) => return Err(format!("the connection ended: {other:?}").into()),
            }
        }
    }

    /// Waits for the next frame of a type and skips frames of other types.
    pub async fn next_of(&mut self, kind: &str) -> Result<Value, Failure> {
        loop {
            let event = self.next().await?;
            if event["type"] == kind {
                return Ok(event);
            }
        }
    }

    /// Waits until the server closes the connection, for at most [`PATIENCE`]. Returns the close
    /// code, or `None` if the connection ends without one.
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

    /// Waits for the next frame from the server without a time limit. Returns `None` when the
    /// connection has ended.
    ///
    /// The future can be dropped without losing a frame. Dropping the socket closes the TCP
    /// connection without a close frame.
    pub async fn receive(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                _ => return None,
            }
        }
    }

    /// Closes the connection with a close frame.
    pub async fn close(mut self) -> Result<(), Failure> {
        Ok(self.stream.as_mut().close(None).await?)
    }
}
