//! A cell of an action: sends a frame or opens a connection, and compares the answer with the
//! table.

use chatchat_harness::Socket;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    cell_request::add_missing,
    fixture::{ACTIVE, Fixture, message, side},
    table::{CALLERS, COMPANY_A, CUSTOMER_A, Id, Row, expected},
};
use crate::{eventually, next_event};

impl Fixture {
    fn socket(&mut self, caller: usize) -> &mut Socket {
        self.sockets[caller].as_mut().unwrap()
    }

    /// Returns the next event of a type on a caller's connection. Asserts that this event and the
    /// events before it contain no data of other accounts.
    async fn next_event_of(&mut self, caller: usize, kind: &str) -> Value {
        loop {
            let event = next_event(self.socket(caller)).await;
            self.assert_own(caller, &event.to_string(), "a frame");
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// Reads all events that were pushed so far. The answer to a heartbeat arrives after them.
    pub(super) async fn drain_events(&mut self) {
        for caller in ACTIVE {
            let heartbeat = json!({ "action": "heartbeat", "rooms": [] });
            self.socket(caller).send(&heartbeat).await.unwrap();
            self.next_event_of(caller, "heartbeat").await;
        }
    }

    /// Checks a cell. Returns the parts of the answer that must be the same for a foreign and an
    /// unknown id.
    pub(super) async fn frame_cell(&mut self, row: &Row, caller: usize, id: Id) -> String {
        let &(action, ..) = row;
        let place = format!("{action} {id:?}, {}", CALLERS[caller]);
        let (status, code) = expected(row, caller, id);
        if status == 401 || action == "$connect" {
            return self.connect_cell(caller, id, status, &place).await;
        }
        let room = self.room(caller, id);
        let mut frame = match action {
            "sendMessage" => message(side(caller)),
            "markRead" => {
                let back = "update rooms set customer_read_seq = 0, company_read_seq = 0, customer_read_count = 0, company_read_count = 0";
                self.database.batch_execute(back).await.unwrap();
                json!({ "seq": 1 })
            }
            "heartbeat" => json!({ "rooms": [{ "roomId": room, "lastSeq": 0 }] }),
            _ => json!({}),
        };
        if action != "heartbeat" {
            frame["roomId"] = room;
        }
        frame["action"] = if action == "$default" { "dance".into() } else { action.into() };
        if id == Id::WithIdentity {
            add_missing(&mut frame, &self.identity(caller));
        }
        let before = self.hash(status >= 400, caller).await;
        self.socket(caller).send(&frame).await.unwrap();
        // The event that shows the effect of the frame, and the caller that receives it.
        let counterpart = if caller < COMPANY_A { caller + 2 } else { caller - 2 };
        let (receiver, kind) = match action {
            _ if status >= 400 => (caller, "error"),
            "sendMessage" => (caller, "ack"),
            "heartbeat" => (caller, "heartbeat"),
            "markRead" => (counterpart, "read"),
            _ => (counterpart, "typing"),
        };
        let mut event = self.next_event_of(receiver, kind).await;
        assert_eq!(event["code"].as_str().unwrap_or_default(), code, "{place}: {event}");
        if kind == "heartbeat" {
            let rooms = event["rooms"].as_array().unwrap().len();
            assert_eq!(rooms, usize::from(id.is_own()), "{place}: {event}");
        } else if let Some(account) = event.get("accountId").or(event.get("readerId")) {
            assert_eq!(account, self.person(caller).id, "{place}: {event}");
        }
        assert_eq!(self.hash(status >= 400, caller).await, before, "{place}: the frame changed data");
        for field in ["requestId", "clientMessageId"] {
            event.as_object_mut().unwrap().remove(field);
        }
        event.to_string()
    }

    /// Checks a handshake with a ticket of the caller, or without a valid ticket if the caller
    /// cannot get one. Returns the status of a refusal.
    async fn connect_cell(&self, caller: usize, id: Id, status: u16, place: &str) -> String {
        let with_identity = if id == Id::WithIdentity { "&accountId=1&role=company&sub=1" } else { "" };
        let has_ticket = ACTIVE.contains(&caller) && !matches!(id, Id::Unknown | Id::Malformed);
        let ticket = self.person(if has_ticket { caller } else { CUSTOMER_A }).ticket().await.unwrap();
        let mut url = ticket["url"].as_str().unwrap().to_owned();
        if !has_ticket {
            // A withdrawn account gets no ticket either.
            let token = self.people[caller].as_ref().filter(|_| !ACTIVE.contains(&caller));
            let token = token.map(|person| person.token.as_str());
            let path = "/realtime/tickets";
            let refused = self.client.call(Method::POST, path, token, &Value::Null).await.unwrap();
            assert_eq!((refused.status, refused.code()), (401, "unauthenticated"), "{place}");
            let forged = if id == Id::Unknown { "A".repeat(43) } else { String::new() };
            url = format!("{}?ticket={forged}", url.split('?').next().unwrap());
        } else if id == Id::Foreign {
            self.connected_account(&url).await.unwrap();
        }
        let before = self.hash(true, caller).await;
        match self.connected_account(&format!("{url}{with_identity}")).await {
            Ok(account) => {
                assert_eq!(status, 200, "{place}: the connection was accepted");
                assert_eq!(account, self.person(caller).id, "{place}");
                String::new()
            }
            Err(refused) => {
                assert_eq!((refused, status), (401, 401), "{place}");
                assert_eq!(self.hash(true, caller).await, before, "{place}: a refusal changes nothing");
                refused.to_string()
            }
        }
    }

    /// Opens and closes a connection, and waits until its row is deleted. Returns the account that
    /// the row named.
    async fn connected_account(&self, url: &str) -> Result<i64, u16> {
        let connections =
            "select account_id, count(*) over () from connections order by connected_at desc limit 1";
        let socket = Socket::handshake(url, &[]).await?;
        let account = self.database.query_one(connections, &[]).await.unwrap().get(0);
        socket.close().await.unwrap();
        eventually("the connection is deleted", async || {
            self.database.query_one(connections, &[]).await.unwrap().get::<_, i64>(1) <= 4
        })
        .await;
        Ok(account)
    }
}
