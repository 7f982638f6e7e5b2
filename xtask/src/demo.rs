//! `cargo xtask demo`: a conversation in Korean between a customer and a company over two WebSocket
//! connections.

use std::time::{Duration, Instant};

use chatchat_harness::{Client, Failure, Person, Socket, System, SystemOptions, example::TOKEN_TIME};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{build, failure, progress};

/// The default address of `cargo xtask up`.
pub const DEFAULT_URL: &str = "http://localhost:8080";

/// Plays the conversation, or measures the latency.
pub async fn demo(url: Option<String>, measure: bool) -> Result<(), Failure> {
    let default = Client::new(DEFAULT_URL)?;
    let running = match url {
        Some(url) => Some(Client::new(&url)?),
        None => is_healthy(&default).await.then_some(default),
    };
    if let Some(client) = running {
        return play(&client, measure).await;
    }
    eprintln!("nothing runs at {DEFAULT_URL}; starting a temporary ChatChat");
    build()?;
    let system =
        System::start(SystemOptions { progress: Some(progress()), ..SystemOptions::default() }).await?;
    let played = play(&Client::new(&system.cloud.url())?, measure).await;
    system.stop().await;
    played
}

async fn is_healthy(client: &Client) -> bool {
    let health = client.call(Method::GET, "/health", None, &Value::Null).await;
    health.is_ok_and(|answer| answer.status == 200 && answer.body["status"] == "ok")
}

async fn play(client: &Client, measure: bool) -> Result<(), Failure> {
    let stage = Stage::set_up(client).await?;
    if measure { stage.measure(100).await } else { stage.converse().await }
}

/// A company, a customer, and their room.
struct Stage {
    company: Person,
    customer: Person,
    room: i64,
}

impl Stage {
    async fn set_up(client: &Client) -> Result<Self, Failure> {
        println!("▶ {}", client.url);
        let company = Person::company(client, "새벽빵집").await?;
        let customer = Person::customer(client, "김하늘").await?;
        company.become_visible().await?;
        println!(
            "  기업 '새벽빵집'({}), 고객 '김하늘'({})이 가입했습니다.",
            company.username, customer.username
        );
        let found =
            client.call(Method::GET, "/companies?keyword=%EC%83%88%EB%B2%BD", None, &Value::Null).await?;
        let listed = found.expect(200)?.body["companySummaries"].as_array().map_or(0, Vec::len);
        println!("  고객이 '새벽'으로 기업을 찾습니다: {listed}곳.");
        let room = customer.open_room(&company).await?;
        println!("  채팅방 {room}이 열렸습니다.\n");
        Ok(Self { company, customer, room })
    }

    /// Plays the conversation. The customer's connection is closed and opened again in the middle.
    async fn converse(&self) -> Result<(), Failure> {
        let room = self.room;
        let mut customer = Side::new("고객", &self.customer).await?;
        let mut company = Side::new("기업", &self.company).await?;
        customer.catch_up(room).await?;

        customer.socket.send(&json!({ "action": "typing", "roomId": room })).await?;
        company.sees().await?;
        customer.says(room, "안녕하세요! 내일 아침 식빵 예약되나요? 🍞", &mut company).await?;
        company.says(room, "네, 가능합니다.\n몇 시쯤 오시나요?", &mut customer).await?;
        company.reads(room, &mut customer).await?;
        customer.says(room, "8시에 갈게요.", &mut company).await?;

        println!("\n  — 고객의 연결이 끊어졌습니다. 그 사이에 기업이 두 번 말합니다. —\n");
        let Side { name, person, socket, seen } = customer;
        socket.close().await?;
        company.speaks(room, "두 개 따로 담아 둘게요.").await?;
        company.speaks(room, "성함이 어떻게 되세요?").await?;
        println!("\n  — 고객이 새 티켓으로 다시 연결하고, 놓친 메시지를 가져옵니다. —\n");
        let mut customer = Side { name, person, socket: person.connect().await?, seen };
        customer.catch_up(room).await?;
        customer.says(room, "김하늘입니다. 고맙습니다 🙏", &mut company).await?;
        company.says(room, "내일 뵙겠습니다, 하늘 님!", &mut customer).await?;
        customer.reads(room, &mut company).await?;

        let history: Vec<i64> = seqs(&self.company.history(room).await?);
        println!("\n  기록: 메시지 {}개, 번호 {history:?}", history.len());
        if customer.seen != history || company.seen.iter().any(|seq| !history.contains(seq)) {
            return Err(failure(format!(
                "the customer saw the seqs {:?}, the company {:?}",
                customer.seen, company.seen
            )));
        }
        println!("✔ 모든 메시지가 순서대로 한 번씩 도착했습니다.");
        Ok(())
    }

    /// Prints how long it takes from a send to the push on the other side.
    async fn measure(&self, messages: usize) -> Result<(), Failure> {
        let (mut sender, mut receiver) = (self.customer.connect().await?, self.company.connect().await?);
        let mut push_times = Vec::with_capacity(messages);
        let mut ack_times = Vec::with_capacity(messages);
        for number in 0..messages + 20 {
            let started = Instant::now();
            sender.say(self.room, &format!("{number}번째 메시지")).await?;
            receiver.next_of("message").await?;
            let pushed = started.elapsed();
            sender.next_of("ack").await?;
            // The first 20 warm up the functions.
            if number >= 20 {
                push_times.push(pushed);
                ack_times.push(started.elapsed());
            }
            tokio::time::sleep(TOKEN_TIME).await;
        }
        println!("{messages} messages over WebSocket, one after the other:");
        report("pushed to the other side", push_times);
        report("acknowledged to the sender", ack_times);
        Ok(())
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at =
        |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!("  {what:<27} p50 {:6.1} ms   p99 {:6.1} ms   max {:6.1} ms", at(50), at(99), at(100));
}

/// One side of the conversation, with the seqs that it has seen.
struct Side<'a> {
    name: &'static str,
    person: &'a Person,
    socket: Socket,
    seen: Vec<i64>,
}

impl<'a> Side<'a> {
    async fn new(name: &'static str, person: &'a Person) -> Result<Self, Failure> {
        println!("  {name}이(가) 티켓을 받아 연결합니다.");
        Ok(Self { name, person, socket: person.connect().await?, seen: Vec::new() })
    }

    /// Sends a message and waits for its `ack` and for the push to the other side.
    async fn says(&mut self, room: i64, text: &str, other: &mut Side<'_>) -> Result<(), Failure> {
        self.speaks(room, text).await?;
        other.sees().await
    }

    async fn speaks(&mut self, room: i64, text: &str) -> Result<(), Failure> {
        let id = self.socket.say(room, text).await?;
        let ack = self.socket.next_of("ack").await?;
        if ack["clientMessageId"] != id {
            return Err(failure(format!("the ack is for another message than {id}: {ack}")));
        }
        self.seen.extend(ack["seq"].as_i64());
        println!("  {} ▸ {}   ✓ {}", self.name, on_one_line(text), ack["seq"]);
        Ok(())
    }

    /// Marks everything as read and waits for the push to the other side.
    async fn reads(&mut self, room: i64, other: &mut Side<'_>) -> Result<(), Failure> {
        let seq = self.seen.last().copied().unwrap_or_default();
        self.socket.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await?;
        other.sees().await
    }

    /// Waits for the next push and prints it.
    async fn sees(&mut self) -> Result<(), Failure> {
        let event = self.socket.next().await?;
        let shown = match event["type"].as_str() {
            Some("message") => {
                self.seen.extend(event["message"]["seq"].as_i64());
                format!(
                    "💬 {} {}",
                    event["message"]["seq"],
                    on_one_line(event["message"]["content"].as_str().unwrap_or_default())
                )
            }
            Some("read") => format!("👁 {}까지 읽음", event["seq"]),
            Some("typing") => "… 입력 중".to_owned(),
            _ => return Err(failure(format!("{} received an unexpected frame: {event}", self.name))),
        };
        println!("{:>34} ◂ {shown}", self.name);
        Ok(())
    }

    /// Fetches and prints the messages that were missed.
    async fn catch_up(&mut self, room: i64) -> Result<(), Failure> {
        let after = self.seen.last().copied().unwrap_or_default();
        let path = format!("{}/messages?after={after}&limit=100", self.person.room(room));
        let answer = self.person.get(&path).await?.expect(200)?;
        for message in answer.body["messages"].as_array().into_iter().flatten() {
            self.seen.extend(message["seq"].as_i64());
            println!(
                "{:>34} ◂ ↻ {} {}",
                self.name,
                message["seq"],
                on_one_line(message["content"].as_str().unwrap_or_default())
            );
        }
        Ok(())
    }
}

fn on_one_line(text: &str) -> String {
    text.replace('\n', " ⏎ ")
}

fn seqs(messages: &[Value]) -> Vec<i64> {
    messages.iter().filter_map(|message| message["seq"].as_i64()).collect()
}
