//! `cargo xtask smoke`: checks a running ChatChat: two accounts sign up, connect, and exchange
//! messages.

use std::time::{Duration, Instant};

use chatchat_domain::causes;
use chatchat_harness::{Client, Failure, PASSWORD, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::failure;

/// How long to wait until the address is reachable. A new DNS name takes some time to spread.
const HEALTH_TIMEOUT: Duration = Duration::from_mins(3);

/// Checks that the ChatChat at an origin is healthy, accepts requests from its own pages, and
/// delivers messages. The two accounts of the check are withdrawn at the end.
pub async fn smoke(url: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let client = Client::new(url.trim_end_matches('/'))?;
    let version = wait_until_healthy(&client).await?;
    println!("{} is healthy, version {version}", client.url);
    check_origin(&client).await?;
    let company = Person::company(&client, "배포 점검").await?;
    let customer = match Person::customer(&client, "배포 점검").await {
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
    withdrawn.1?;
    println!(
        "signed up, connected, sent, received, and withdrew in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Waits until `/health` returns 200, and returns the version.
async fn wait_until_healthy(client: &Client) -> Result<String, Failure> {
    let started = Instant::now();
    loop {
        let why = match client.call(Method::GET, "/health", None, &Value::Null).await {
            Ok(answer) if answer.status == 200 => {
                return Ok(answer.body["version"].as_str().unwrap_or("unknown").to_owned());
            }
            Ok(answer) => format!("{} {}", answer.status, answer.body),
            Err(error) => causes(&*error),
        };
        if started.elapsed() > HEALTH_TIMEOUT {
            return Err(failure(format!("{}/health does not return 200: {why}", client.url)));
        }
        sleep(Duration::from_secs(2)).await;
    }
}

/// Sends a refresh as a page does, with an `Origin` but without a cookie. The error
/// `invalid_refresh_token` means that the origin was accepted; `origin_not_allowed` means that the
/// functions do not trust the distribution.
async fn check_origin(client: &Client) -> Result<(), Failure> {
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
