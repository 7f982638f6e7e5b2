//! Example data: three companies, three customers, and their conversations.

mod accounts;
mod bakery;
mod conversations;
mod turn;

use std::{fmt::Write, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use turn::Turn;

use crate::{Client, Failure, PASSWORD, Person, Socket, root};
use accounts::{COMPANIES, CUSTOMERS, Company, Customer};
use conversations::{CONVERSATIONS, Conversation};

/// Creates the example's accounts and conversations, unless they exist. Returns whether they were
/// created.
///
/// # Errors
/// Fails if a request fails or a picture cannot be read.
pub async fn fill(client: &Client) -> Result<bool, Failure> {
    let mut companies = Vec::new();
    for company in &COMPANIES {
        match company.sign_up(client).await? {
            Some(person) => companies.push(person),
            None if companies.is_empty() => return Ok(false),
            None => return Err(taken(company.username)),
        }
    }
    let mut customers = Vec::new();
    for customer in &CUSTOMERS {
        customers.push(customer.sign_up(client).await?);
    }
    for conversation in CONVERSATIONS {
        let Conversation { customer, company, turns } = conversation;
        let found = |people: &[Person], username: &str| {
            people.iter().find(|person| person.username == username).cloned()
        };
        match (found(&customers, customer), found(&companies, company)) {
            (Some(customer), Some(company)) => talk(&customer, &company, turns).await?,
            _ => return Err(format!("the example has no accounts {customer} and {company}").into()),
        }
    }
    Ok(true)
}

/// The error if another account has a username of the example.
fn taken(username: &str) -> Failure {
    format!("the example needs the username {username}, which is taken; start with empty data (--fresh)")
        .into()
}

/// Returns a table with the login page, username, password and name of each account.
pub fn logins(url: &str) -> String {
    let mut table = String::new();
    let mut row = |page: &str, username: &str, name: &str| {
        _ = writeln!(table, "  {url}{page:<11}  {username:<8}  {PASSWORD}  {name}");
    };
    for customer in &CUSTOMERS {
        row("/login", customer.username, customer.name);
    }
    for company in &COMPANIES {
        row("/desk/login", company.username, company.name);
    }
    table
}

/// The time after which a session can send another message, if it has sent many.
pub const TOKEN_TIME: Duration = Duration::from_millis(200);

impl Company {
    /// Creates the company with its picture and FAQ and makes it visible. Returns `None` if its
    /// username is taken.
    async fn sign_up(&self, client: &Client) -> Result<Option<Person>, Failure> {
        let Some(person) = Person::sign_up(client, "company", self.username, self.name).await? else {
            return Ok(None);
        };
        let change = json!({ "description": self.description, "profileVisibility": true });
        change_profile(&person, self.picture, change).await?;
        for (question, answer) in self.faq {
            let entry = json!({ "question": question, "answer": answer });
            person.post("/company/auto-replies", &entry).await?.expect(201)?;
        }
        Ok(Some(person))
    }
}

impl Customer {
    async fn sign_up(&self, client: &Client) -> Result<Person, Failure> {
        let person = Person::sign_up(client, "customer", self.username, self.name)
            .await?
            .ok_or_else(|| taken(self.username))?;
        if let Some(picture) = self.picture {
            change_profile(&person, picture, json!({})).await?;
        }
        Ok(person)
    }
}

/// Uploads a drawing as the picture of a profile and changes the profile's other fields in
/// `change`.
async fn change_profile(person: &Person, drawing: &str, mut change: Value) -> Result<(), Failure> {
    let file = root().join("web/drawings").join(drawing).with_extension("png");
    let picture =
        std::fs::read(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    change["imageUrl"] = person.upload(&picture).await?.expect(201)?.body["url"].take();
    person.call(Method::PATCH, person.profile(), &change).await?.expect(204)?;
    Ok(())
}

/// Plays a conversation, with one WebSocket connection for each side.
async fn talk(customer: &Person, company: &Person, turns: &[Turn]) -> Result<(), Failure> {
    let room = customer.open_room(company).await?;
    let (mut asks, mut answers) = (customer.connect().await?, company.connect().await?);
    for turn in turns {
        match turn {
            Turn::Customer(text) => say(&mut asks, &mut answers, room, text).await?,
            Turn::Company(text) => say(&mut answers, &mut asks, room, text).await?,
            Turn::Faq(question) => ask(customer, company, room, question).await?,
            Turn::CustomerReads => read(customer, &mut asks, &mut answers, room).await?,
            Turn::CompanyReads => read(company, &mut answers, &mut asks, room).await?,
        }
    }
    asks.close().await?;
    answers.close().await
}

/// Sends a message and waits for the `ack` and for the push to the other side. Sends it again if
/// the session has sent too many messages.
async fn say(from: &mut Socket, to: &mut Socket, room: i64, text: &str) -> Result<(), Failure> {
    loop {
        from.say(room, text).await?;
        let answer = loop {
            let event = from.next().await?;
            if ["ack", "error"].iter().any(|kind| event["type"] == *kind) {
                break event;
            }
        };
        match answer["code"].as_str() {
            None => break,
            Some("too_many_requests") => tokio::time::sleep(TOKEN_TIME).await,
            Some(_) => return Err(format!("the message was rejected: {answer}").into()),
        }
    }
    while to.next_of("message").await?["message"]["content"] != text {}
    Ok(())
}

/// Sends a question of the company's FAQ as the customer. Sends it again if the session has sent too
/// many messages.
async fn ask(customer: &Person, company: &Person, room: i64, question: &str) -> Result<(), Failure> {
    let faq = customer.get(&format!("/auto-replies?companyId={}", company.id)).await?.expect(200)?;
    let entries = faq.body["autoReplies"].as_array().into_iter().flatten();
    let entry = entries
        .filter(|entry| entry["question"] == question)
        .find_map(|entry| entry["id"].as_i64())
        .ok_or_else(|| format!("{} has no question {question:?}", company.username))?;
    let (path, body) = (format!("/auto-replies/{entry}"), json!({ "chatRoomId": room }));
    loop {
        let answer = customer.post(&path, &body).await?;
        if answer.code() != "too_many_requests" {
            return answer.expect(201).map(drop);
        }
        tokio::time::sleep(TOKEN_TIME).await;
    }
}

/// Marks all messages as read and waits for the push to the other side.
async fn read(person: &Person, from: &mut Socket, to: &mut Socket, room: i64) -> Result<(), Failure> {
    let seq = person.get(&person.room(room)).await?.expect(200)?.body["lastSeq"].take();
    from.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await?;
    while to.next_of("read").await?["seq"] != seq {}
    Ok(())
}
