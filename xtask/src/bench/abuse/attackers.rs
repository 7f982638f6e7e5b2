//! Hostile clients. Each uses up one limit, and continues to make requests that are over it.

use std::{
    collections::VecDeque,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chatchat_harness::{Answer, Client, Failure, PASSWORD, Person, Socket, new_username, root};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval},
};

/// The time between two HTTP requests of an attacker: 10 a second, which is over each limit.
const REQUEST_INTERVAL: Duration = Duration::from_millis(100);
/// The time between two frames of a connection: 30 a second, where 20 are allowed.
const FRAME_INTERVAL: Duration = Duration::from_millis(33);

/// What attackers of one kind did.
#[derive(Default)]
pub struct Tally {
    accepted: AtomicU64,
    rejected: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    /// Counts a response. One with 429 was rejected because of a limit.
    fn count(&self, answer: Result<Answer, Failure>) -> Option<Answer> {
        let counter = match &answer {
            Ok(answer) if answer.status == 429 => &self.rejected,
            Ok(answer) if answer.status < 500 => &self.accepted,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        answer.ok().filter(|answer| answer.status < 400)
    }

    /// The numbers of requests that were within their limit, rejected because of a limit, and
    /// failed for another reason.
    pub fn counts(&self) -> [u64; 3] {
        [&self.accepted, &self.rejected, &self.failed].map(|count| count.load(Ordering::Relaxed))
    }
}

/// What an attacker does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Logs in with wrong passwords.
    LogIns,
    /// Signs up accounts.
    SignUps,
    /// Sends frames of all kinds over a connection, and opens another one when it is closed.
    Frames,
    /// Opens connections.
    Connections,
    /// Uploads pictures.
    Pictures,
}

impl Attack {
    /// All attacks, with the name of what is counted.
    pub const ALL: [(Self, &str); 5] = [
        (Self::LogIns, "password checks"),
        (Self::SignUps, "sign-ups"),
        (Self::Frames, "frames"),
        (Self::Connections, "tickets and connections"),
        (Self::Pictures, "pictures"),
    ];
}

/// A customer who has a room with the company of the honest users.
#[derive(Clone)]
pub struct Attacker {
    person: Person,
    room: i64,
}

impl Attacker {
    /// Signs up a customer, from a separate network, and opens a room with the company.
    pub async fn new(client: &Client, company: &Person) -> Result<Self, Failure> {
        let person = Person::customer(&client.in_new_network()?, "공격자").await?;
        let room = person.open_room(company).await?;
        Ok(Self { person, room })
    }

    /// Attacks until the future is dropped.
    pub async fn attack(self, attack: Attack, tally: Arc<Tally>) -> Result<(), Failure> {
        let mut pace = pace(REQUEST_INTERVAL);
        // Networks have limits too, and each attack begins with its full limit.
        let network = self.person.client.in_new_network()?;
        let picture = fs::read(root().join("web/drawings/flower.png"))?;
        let (mut name, mut open) = (String::new(), VecDeque::new());
        for number in 0_u64.. {
            pace.tick().await;
            match attack {
                Attack::LogIns => {
                    // A network may try 10 passwords for one name, and 100 in all.
                    if number % 10 == 0 {
                        name = new_username("guess");
                    }
                    let body = json!({ "username": name, "password": "wrong-2026" });
                    tally.count(network.call(Method::POST, "/customer/session", None, &body).await);
                }
                Attack::SignUps => {
                    let body = json!({
                        "username": new_username("flood"), "password": PASSWORD, "confirmPassword": PASSWORD,
                        "name": "이름",
                    });
                    tally.count(network.call(Method::POST, "/customers", None, &body).await);
                }
                Attack::Frames => self.send_frames(&tally).await,
                Attack::Connections => {
                    // An account may have 10 connections; the server closes the oldest.
                    open.truncate(10);
                    if let Some(socket) = self.connect(&tally).await {
                        open.push_front(socket);
                    }
                }
                Attack::Pictures => {
                    tally.count(self.person.upload(&picture).await);
                }
            }
        }
        Ok(())
    }

    /// Opens a connection, if the limits allow it.
    async fn connect(&self, tally: &Tally) -> Option<Socket> {
        let ticket = tally.count(self.person.post("/realtime/tickets", &Value::Null).await)?;
        self.open(ticket.body["url"].as_str()?, tally).await
    }

    /// Opens a connection with a ticket.
    async fn open(&self, url: &str, tally: &Tally) -> Option<Socket> {
        let socket = Socket::open(&self.person.client.socket_address(url)).await;
        let counter = if socket.is_ok() { &tally.accepted } else { &tally.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        socket.ok()
    }

    /// Sends frames over a new connection until the server closes it.
    async fn send_frames(&self, tally: &Tally) {
        let Some(socket) = self.connect(tally).await else { return };
        let room = self.room;
        let frame = |number: u64| match number % 4 {
            0 => {
                let id = uuid::Uuid::new_v4();
                json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": "도배" })
            }
            1 => json!({ "action": "typing", "roomId": room }),
            2 => json!({ "action": "markRead", "roomId": room, "seq": number }),
            _ => json!({ "action": "heartbeat", "rooms": [{ "roomId": room, "lastSeq": 0 }] }),
        };
        send_until_closed(socket, frame, tally).await;
    }

    /// Creates tickets for connections. A session may create 30, so the account logs in again.
    pub async fn tickets(&mut self, count: usize) -> Result<Vec<String>, Failure> {
        let mut urls = Vec::with_capacity(count);
        for number in 0..count {
            if number % 30 == 0 {
                self.person.log_in().await?;
            }
            let ticket = self.person.post("/realtime/tickets", &Value::Null).await?.expect(201)?;
            urls.push(ticket.body["url"].as_str().ok_or("the ticket has no url")?.to_owned());
        }
        Ok(urls)
    }

    /// Opens a connection with each ticket, one after the other, and sends `typing` over all of
    /// them, until the future is dropped. Counts connections and frames separately.
    pub async fn flood(self, tickets: Vec<String>, [connections, frames]: [Arc<Tally>; 2]) {
        let mut typing = JoinSet::new();
        for ticket in tickets {
            if let Some(socket) = self.open(&ticket, &connections).await {
                let (room, frames) = (self.room, Arc::clone(&frames));
                typing.spawn(async move {
                    let frame = |_| json!({ "action": "typing", "roomId": room });
                    send_until_closed(socket, frame, &frames).await;
                });
            }
        }
        while typing.join_next().await.is_some() {}
    }
}

/// Sends frames until the server closes the connection. Counts an `error` event as a rejection.
async fn send_until_closed(mut socket: Socket, frame: impl Fn(u64) -> Value, tally: &Tally) {
    let mut pace = pace(FRAME_INTERVAL);
    let mut number = 0;
    loop {
        tokio::select! {
            _ = pace.tick() => {
                if socket.send(&frame(number)).await.is_err() {
                    return;
                }
                number += 1;
                tally.accepted.fetch_add(1, Ordering::Relaxed);
            }
            event = socket.receive() => {
                let Some(event) = event else { return };
                if event["type"] == "error" {
                    tally.accepted.fetch_sub(1, Ordering::Relaxed);
                    tally.rejected.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

fn pace(period: Duration) -> Interval {
    let mut pace = interval(period);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}
