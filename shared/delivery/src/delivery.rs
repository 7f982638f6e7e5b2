//! The operations that HTTP routes and WebSocket actions share. They store first, then push.

use std::slice;

use aws_config::SdkConfig;
use chatchat_domain::{
    AutoReplyId, Caller, ClientMessageId, ConnectionId, Customer, Event, MessageContent, RoomId, Sender, Seq,
    causes,
};
use chatchat_store::{Asked, ReadMarkerMoved, Sent, Store, StoreError};

use crate::Connections;

/// Stores what happens in rooms, and pushes it to the connections of both sides.
pub struct Delivery {
    /// The store, for operations without pushes.
    pub store: Store,
    /// The open connections.
    pub connections: Connections,
}

impl Delivery {
    /// `endpoint` is the URL of the WebSocket API's management API.
    pub fn new(store: Store, aws: &SdkConfig, endpoint: &str) -> Self {
        Self { store, connections: Connections::new(aws, endpoint) }
    }

    /// Stores a message. If a connection sent the message, acknowledges it to this connection.
    /// Pushes it to all other connections of both sides. A repeated message is acknowledged, but
    /// not pushed again.
    pub async fn send_message<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        client_message_id: ClientMessageId,
        content: &MessageContent,
    ) -> Result<Sent, StoreError> {
        let sent = self.store.send_message(caller, room, client_message_id, content).await?;
        let message = &sent.message;
        let mut frames = Vec::with_capacity(3);
        if let Some(sender) = caller.connection() {
            let ack = Event::Ack {
                client_message_id,
                room_id: room,
                id: message.id,
                seq: message.seq,
                sender_id: message.sender_id,
                created_at: message.created_at,
            };
            frames.push((slice::from_ref(sender), ack));
        }
        if sent.new {
            let event = |message| Event::Message { room_id: room, message, sender: sent.sender.clone() };
            frames.push((&sent.recipients.theirs, event(message.for_others())));
            frames.push((&sent.recipients.own, event(message.clone())));
        }
        self.push(&frames).await;
        Ok(sent)
    }

    /// Stores the question and the answer of an FAQ entry as two messages, and pushes them to both
    /// sides. A repeated request is not pushed again.
    pub async fn ask_auto_reply(
        &self,
        caller: &Caller<Customer>,
        room: RoomId,
        entry: AutoReplyId,
        client_message_id: Option<ClientMessageId>,
    ) -> Result<Asked, StoreError> {
        let asked = self.store.ask_auto_reply(caller, room, entry, client_message_id).await?;
        if let Some([customer, company]) = &asked.senders {
            let event =
                |message, sender: &Sender| Event::Message { room_id: room, message, sender: sender.clone() };
            self.push(&[
                (&asked.recipients.theirs, event(asked.question.for_others(), customer)),
                (&asked.recipients.own, event(asked.question.clone(), customer)),
                (&asked.recipients.theirs, event(asked.answer.clone(), company)),
                (&asked.recipients.own, event(asked.answer.clone(), company)),
            ])
            .await;
        }
        Ok(asked)
    }

    /// Moves a read marker. If the marker moved, pushes `read` to both sides.
    pub async fn mark_read<R>(&self, caller: &Caller<R>, room: RoomId, seq: Seq) -> Result<(), StoreError> {
        if let Some(ReadMarkerMoved { reader, seq, recipients }) =
            self.store.mark_read(caller, room, seq).await?
        {
            let read = Event::Read { room_id: room, reader_id: reader, seq };
            self.push(&[(&recipients.theirs, read.clone()), (&recipients.own, read)]).await;
        }
        Ok(())
    }

    /// Pushes to the other side that the caller is typing. Nothing is stored.
    pub async fn typing<R>(&self, caller: &Caller<R>, room: RoomId) -> Result<(), StoreError> {
        let (account_id, connections) = self.store.typing(caller, room).await?;
        self.push(&[(&connections, Event::Typing { room_id: room, account_id })]).await;
        Ok(())
    }

    /// Pushes events, and deletes the rows of connections that are gone.
    pub async fn push(&self, frames: &[(&[ConnectionId], Event)]) {
        let gone = self.connections.push(frames).await;
        if !gone.is_empty()
            && let Err(error) = self.store.forget_gone_connections(&gone).await
        {
            tracing::warn!(error = causes(&error), "the rows of gone connections could not be deleted");
        }
    }
}
