//! Two honest users who talk, within their limits.

use std::time::{Duration, Instant};

use chatchat_harness::{Answer, Client, Failure, Person, Socket};
use reqwest::Method;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

/// The time between two sends. The users take turns, so each sends 4.5 messages a second of the 5
/// that a session may send.
const SEND_INTERVAL: Duration = Duration::from_millis(110);

/// What the honest users observed.
#[derive(Default)]
pub struct Observed {
    /// The times from a send to its `ack`.
    pub sends: Vec<Duration>,
    /// The number of all requests and frames.
    pub requests: u32,
    /// The codes of the requests and frames that were rejected or failed.
    pub rejected: Vec<String>,
}

/// A customer and a company with their room and their connections.
pub struct Pair {
    sides: [(Person, Socket); 2],
    room: i64,
}

impl Pair {
    pub async fn new(client: &Client, company: &Person) -> Result<Self, Failure> {
        let customer = Person::customer(&client.in_new_network()?, "김하늘").await?;
        let room = customer.open_room(company).await?;
        let sockets = (customer.connect().await?, company.connect().await?);
        Ok(Self { sides: [(customer, sockets.0), (company.clone(), sockets.1)], room })
    }

    /// Whether the account with this id is one of the two.
    pub fn has(&self, account: i64) -> bool {
        self.sides.iter().any(|(person, _)| person.id == account)
    }

    /// Sends messages for a time. After every tenth message, the receiver also fetches the list and
    /// the history and moves its read marker.
    pub async fn talk(&mut self, time: Duration, observed: &mut Observed) -> Result<(), Failure> {
        let started = Instant::now();
        let mut pace = interval(SEND_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut number = 0;
        while started.elapsed() < time {
            pace.tick().await;
            let seq = self.send(observed).await?;
            self.sides.swap(0, 1);
            number += 1;
            if let Some(seq) = seq.filter(|_| number % 10 == 0) {
                self.read(seq, observed).await?;
            }
        }
        Ok(())
    }

    /// Sends a message of the first side, and waits until the second side has received it. Returns
    /// its seq, or `None` if it was rejected.
    async fn send(&mut self, observed: &mut Observed) -> Result<Option<i64>, Failure> {
        let [(_, sender), (_, receiver)] = &mut self.sides;
        observed.requests += 1;
        let started = Instant::now();
        let id = sender.say(self.room, "안녕하세요, 내일 여나요?").await?;
        let answer = loop {
            let event = sender.next().await?;
            if event["clientMessageId"] == id.as_str() {
                break event;
            }
        };
        if answer["type"] != "ack" {
            observed.rejected.push(format!("sendMessage {}", answer["code"]));
            return Ok(None);
        }
        observed.sends.push(started.elapsed());
        loop {
            let event = receiver.next_of("message").await?;
            if event["roomId"] == self.room && event["message"]["seq"] == answer["seq"] {
                return Ok(answer["seq"].as_i64());
            }
        }
    }

    async fn read(&self, seq: i64, observed: &mut Observed) -> Result<(), Failure> {
        let (reader, room) = (&self.sides[0].0, self.sides[0].0.room(self.room));
        let mut note = |what: &str, answer: &Answer| {
            observed.requests += 1;
            if answer.status >= 400 {
                observed.rejected.push(format!("{what} {} {}", answer.status, answer.code()));
            }
        };
        note("list", &reader.get(&format!("/{}/chatrooms", reader.kind)).await?);
        note("history", &reader.get(&format!("{room}/messages?limit=20")).await?);
        let marker = json!({ "seq": seq });
        note("read", &reader.call(Method::PUT, &format!("{room}/read"), &marker).await?);
        Ok(())
    }
}
