//! `cargo xtask smoke`: checks a running ChatChat: two accounts sign up, connect, and exchange
//! messages.

use std::time::{Duration, Instant};

use chatchat_domain::causes;
use chatchat_harness::{Client, Failure, PASSWORD, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::failure;

/// How long to wait until all parts are reachable. New DNS names, stages and secrets take some time
/// to spread.
const REACHABLE_TIMEOUT: Duration = Duration::from_mins(3);

/// Checks that the ChatChat at an origin is healthy, accepts requests from its own pages, and
/// delivers messages.
///
/// Waits until everything is reachable. A conversation that fails is tried once more, because a
/// failed check causes a rollback.
pub async fn smoke(url: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let client = Client::new(url.trim_end_matches('/'))?;
    let until = started + REACHABLE_TIMEOUT;
    let version = eventually(until, || health(&client)).await?;
    println!("{} is healthy, version {version}", client.url);
    eventually(until, || accepts_own_pages(&client)).await?;
    eventually(until, || answers_handshakes(&client)).await?;
    if let Err(error) = converse(&client).await {
        eprintln!("the conversation failed and is tried once more: {}", causes(&*error));
        converse(&client).await?;
    }
    println!(
        "signed up, connected, sent, received, and withdrew in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Repeats an attempt until it succeeds. Returns its last error after `until`.
async fn eventually<T, F: Future<Output = Result<T, Failure>>>(
    until: Instant,
    attempt: impl Fn() -> F,
) -> Result<T, Failure> {
    loop {
        match attempt().await {
            Err(_) if Instant::now() < until => sleep(Duration::from_secs(2)).await,
            result => return result,
        }
    }
}

/// Returns the version if `/health` returns 200.
async fn health(client: &Client) -> Result<String, Failure> {
    match client.call(Method::GET, "/health", None, &Value::Null).await {
        Ok(answer) if answer.status == 200 => {
            Ok(answer.body["version"].as_str().unwrap_or("unknown").to_owned())
        }
        Ok(answer) => {
            Err(failure(format!("{}/health returns {} {}", client.url, answer.status, answer.body)))
        }
        Err(error) => Err(failure(format!("{}/health returns no response: {}", client.url, causes(&*error)))),
    }
}

/// Sends a refresh as a page does, with an `Origin` but without a cookie. The error
/// `invalid_refresh_token` means that the origin was accepted; `origin_not_allowed` means that the
/// functions do not trust the distribution.
async fn accepts_own_pages(client: &Client) -> Result<(), Failure> {
    let request = client.request(Method::POST, "/customer/token").header("origin", &client.url);
    let answer = request.send().await?;
    if answer.code() == "invalid_refresh_token" {
        return Ok(());
    }
    Err(failure(format!(
        "a request from a page of {} gets {} {}; the distribution and the functions must have the same DistributionSecret",
        client.url, answer.status, answer.body
    )))
}

/// Opens a connection without a ticket, which only the function of `$connect` refuses with 401.
async fn answers_handshakes(client: &Client) -> Result<(), Failure> {
    let url = client.socket_address("/realtime");
    match Socket::handshake(&url, &[]).await {
        Err(401) => Ok(()),
        Err(0) => Err(failure(format!("a handshake at {url} gets no response"))),
        Err(status) => {
            Err(failure(format!("a handshake without a ticket at {url} gets {status}, expected 401")))
        }
        Ok(_) => Err(failure(format!("a handshake without a ticket at {url} succeeds, expected 401"))),
    }
}

/// Signs up two accounts that exchange messages, and withdraws both.
async fn converse(client: &Client) -> Result<(), Failure> {
    let company = Person::company(client, "배포 점검").await?;
    let customer = match Person::customer(client, "배포 점검").await {
        Ok(customer) => customer,
        Err(error) => {
            withdraw(&company).await?;
            return Err(error);
        }
    };
    let talked = talk(&company, &customer).await;
    // Also after a failure, so that the company does not stay in the directory.
    let withdrawn = (withdraw(&company).await, withdraw(&customer).await);
    talked?;
    withdrawn.0?;
    withdrawn.1
}

async fn talk(company: &Person, customer: &Person) -> Result<(), Failure> {
    company.become_visible().await?;
    let room = customer.open_room(company).await?;
    let (mut asks, mut answers) = (customer.connect().await?, company.connect().await?);
    let question = say(&mut asks, &mut answers, room, "안녕하세요?").await?;
    let answer = say(&mut answers, &mut asks, room, "네, 안녕하세요!").await?;
    let stored: Vec<String> =
        customer.history(room).await?.iter().map(|message| message["seq"].to_string()).collect();
    let expected = [question - 1, question, answer].map(|seq| seq.to_string());
    if stored != expected {
        return Err(failure(format!("the room's history has the seqs {stored:?}, expected {expected:?}")));
    }
    asks.close().await?;
    answers.close().await
}

/// Sends a message and checks the sender's `ack` and the receiver's `message`. Returns the seq.
async fn say(from: &mut Socket, to: &mut Socket, room: i64, text: &str) -> Result<i64, Failure> {
    let id = from.say(room, text).await?;
    let ack = from.next_of("ack").await?;
    let received = to.next_of("message").await?;
    if ack["clientMessageId"] != id
        || received["message"]["content"] != text
        || received["message"]["seq"] != ack["seq"]
    {
        return Err(failure(format!(
            "the sender got {ack} and the receiver {received}, which do not match the message {id} {text:?}"
        )));
    }
    ack["seq"].as_i64().ok_or_else(|| failure(format!("the ack has no seq: {ack}")))
}

async fn withdraw(person: &Person) -> Result<(), Failure> {
    person.call(Method::DELETE, person.profile(), &json!({ "password": PASSWORD })).await?.expect(204)?;
    Ok(())
}
