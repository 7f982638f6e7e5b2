//! `cargo xtask smoke`: whether a ChatChat that runs somewhere does what it is for: two people sign up, connect, and talk.

use std::time::{Duration, Instant};

use chatchat_domain::causes;
use chatchat_tests::{Client, Failure, PASSWORD, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::failure;

/// How long an address may take to be reachable: a new API's name is not known everywhere at once.
const PATIENCE: Duration = Duration::from_mins(3);

/// Checks a running ChatChat at its origin: whether it answers, takes its own pages for its own, and
/// delivers messages. It leaves two withdrawn accounts behind.
pub async fn smoke(url: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let client = Client::new(url.trim_end_matches('/'))?;
    let version = healthy(&client).await?;
    println!("{} answers, version {version}", client.url);
    own_pages(&client).await?;
    let company = Person::company(&client, "배포 점검").await?;
    let customer = match Person::customer(&client, "배포 점검").await {
        Ok(customer) => customer,
        Err(error) => {
            withdraw(&company).await?;
            return Err(error);
        }
    };
    let talked = talk(&company, &customer).await;
    // Whatever came of it, nobody is to find this company in the directory.
    let left = (withdraw(&company).await, withdraw(&customer).await);
    talked?;
    left.0?;
    left.1?;
    println!("signed up, connected, sent and received, withdrew: {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Waits until it answers, and gives the version.
async fn healthy(client: &Client) -> Result<String, Failure> {
    let started = Instant::now();
    loop {
        let why = match client.call(Method::GET, "/health", None, &Value::Null).await {
            Ok(answer) if answer.status == 200 => {
                return Ok(answer.body["version"].as_str().unwrap_or("unknown").to_owned());
            }
            Ok(answer) => format!("{} {}", answer.status, answer.body),
            Err(error) => causes(&*error),
        };
        if started.elapsed() > PATIENCE {
            return Err(failure(format!("{}/health does not answer 200: {why}", client.url)));
        }
        sleep(Duration::from_secs(2)).await;
    }
}

/// Renews a session as a page does, with its `Origin` and without a cookie. `invalid_refresh_token` says
/// that the origin was accepted; `origin_not_allowed` says that the functions do not believe the
/// distribution.
async fn own_pages(client: &Client) -> Result<(), Failure> {
    let request = client.request(Method::POST, "/customer/token").header("origin", &client.url);
    let answer = request.send().await?;
    if answer.code() == "invalid_refresh_token" {
        return Ok(());
    }
    Err(failure(format!(
        "a page of {} is answered {} {}; the distribution and the functions must have the same DistributionSecret",
        client.url, answer.status, answer.body
    )))
}

async fn talk(company: &Person, customer: &Person) -> Result<(), Failure> {
    company.become_visible().await?;
    let room = customer.open_room(company).await?;
    let (mut asks, mut answers) = (customer.connect().await?, company.connect().await?);
    let question = say(&mut asks, &mut answers, room, "안녕하세요?").await?;
    let answer = say(&mut answers, &mut asks, room, "네, 안녕하세요!").await?;
    let kept: Vec<String> =
        customer.history(room).await?.iter().map(|message| message["seq"].to_string()).collect();
    let expected = [question - 1, question, answer].map(|seq| seq.to_string());
    if kept != expected {
        return Err(failure(format!("the room has kept the messages {kept:?}, not {expected:?}")));
    }
    asks.close().await?;
    answers.close().await
}

/// One says something and is told that it is kept; the other is shown it. Gives its number.
async fn say(from: &mut Socket, to: &mut Socket, room: i64, text: &str) -> Result<i64, Failure> {
    let id = from.say(room, text).await?;
    let ack = from.next_of("ack").await?;
    let shown = to.next_of("message").await?;
    if ack["clientMessageId"] != id
        || shown["message"]["content"] != text
        || shown["message"]["seq"] != ack["seq"]
    {
        return Err(failure(format!("acknowledged was {ack}, shown was {shown}")));
    }
    ack["seq"].as_i64().ok_or_else(|| failure(format!("an ack without a number: {ack}")))
}

async fn withdraw(person: &Person) -> Result<(), Failure> {
    person.call(Method::DELETE, person.profile(), &json!({ "password": PASSWORD })).await?.expect(204)?;
    Ok(())
}
