//! The function that holds a conversation between two accounts through the public address, as
//! clients do. Its alarm is raised if the conversation fails, or was not held.

mod client;

use std::time::Duration;

use chatchat_domain::causes;
use chatchat_function::{Error, Event, Loader, Need, Resource, StartError, required};
use chatchat_tokens::PseudonymKey;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use client::{Account, Client, Failure, Socket, Tls};

/// The time limit of a step. The pages wait as long for an answer to a frame.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);

/// The time that is kept for the steps that always run: hiding the company, and two logouts.
const LAST_STEPS: Duration = Duration::from_secs(3 * STEP_TIMEOUT.as_secs() + 1);

/// The name of both accounts. Only they see it, because the company is not in the directory.
const NAME: &str = "ChatChat 점검";

/// What the conversations need.
pub struct Canary {
    origin: String,
    tls: Tls,
    /// The accounts' usernames and passwords are derived from the distribution's secret. So they
    /// need no additional secret. After that secret changes, new accounts are created; the old
    /// accounts remain.
    key: PseudonymKey,
}

impl Resource for Canary {
    fn needs() -> Vec<Need> {
        Vec::new()
    }

    async fn load(_: &Loader) -> Result<Self, StartError> {
        let name = "DISTRIBUTION_SECRET";
        let key = PseudonymKey::new(required(name)?.as_bytes());
        let key = key.ok_or(StartError::Variable { name, problem: "has less than 32 characters" })?;
        let tls = Tls::new().map_err(|cause| StartError::Part { what: "TLS cannot be set up", cause })?;
        Ok(Self { origin: required("CANARY_ORIGIN")?, tls, key })
    }
}

/// Logs two accounts in, connects both, sends a message from one to the other, reads it in the
/// history, and logs both out. The first conversation signs the accounts up and opens their room.
///
/// Logs the milliseconds of each step, or the step that failed. If one failed, so does the call.
pub async fn converse(canary: &Canary, event: &Event<Value>) -> Result<Value, Error> {
    let client = Client::new(&canary.origin, &canary.tls);
    let until = Instant::now() + event.time_left().saturating_sub(LAST_STEPS);
    let started = Instant::now();
    let customer = step(until, "log in the customer", canary.log_in(&client, "customer")).await?;
    let (log_in, Times { connect, ack, message, history }) = with_session(&customer, async {
        let company = step(until, "log in the company", canary.log_in(&client, "company")).await?;
        let log_in = ms(started);
        Ok((log_in, with_session(&company, Box::pin(talk(until, &customer, &company))).await?))
    })
    .await?;
    tracing::info!(
        log_in_ms = log_in,
        connect_ms = connect,
        ack_ms = ack,
        message_ms = message,
        history_ms = history,
        ms = ms(started),
        "the conversation succeeded"
    );
    Ok(Value::Null)
}

/// Does the work, and logs the account out, also after a failure.
async fn with_session<T>(
    account: &Account<'_>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let done = work.await;
    let logged_out = last_step("log out", account.log_out()).await;
    let done = done?;
    logged_out.map(|()| done)
}

/// Milliseconds from the beginning of a step to its end. Those of `ack` and `message` begin when
/// the message is sent.
struct Times {
    connect: f64,
    ack: f64,
    message: f64,
    history: f64,
}

async fn talk(until: Instant, customer: &Account<'_>, company: &Account<'_>) -> Result<Times, Error> {
    let room = step(until, "find the room", find_room(customer, company)).await;
    // Also after a failure, and if an earlier conversation was interrupted.
    let hidden = last_step("hide the company", show(company, false)).await;
    let room = room?;
    hidden?;
    let started = Instant::now();
    let mut sender = step(until, "connect the customer", customer.connect()).await?;
    let mut receiver = step(until, "connect the company", company.connect()).await?;
    let (connect, started) = (ms(started), Instant::now());
    let id = Uuid::new_v4().to_string();
    let frame = json!({
        "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": "점검 메시지예요.",
    });
    step(until, "send a message", sender.send(&frame)).await?;
    let event =
        step(until, "receive the ack", next_of(&mut sender, "ack", "clientMessageId", &json!(id))).await?;
    let (ack, seq) = (ms(started), &event["seq"]);
    step(until, "receive the message", async {
        loop {
            let event = next_of(&mut receiver, "message", "roomId", &json!(room)).await?;
            if event["message"]["seq"] == *seq {
                return Ok(());
            }
        }
    })
    .await?;
    let (message, started) = (ms(started), Instant::now());
    step(until, "read the history", async {
        let path = format!("/customer/chatrooms/{room}/messages?limit=5");
        let part = customer.call(Method::GET, &path, &Value::Null).await?;
        let found = part["messages"].as_array().into_iter().flatten();
        let found = found.filter(|message| message["clientMessageId"] == id.as_str()).count();
        if found == 1 { Ok(()) } else { Err(format!("the message is there {found} times").into()) }
    })
    .await?;
    let history = ms(started);
    step(until, "close the connections", async {
        sender.close().await?;
        receiver.close().await
    })
    .await?;
    Ok(Times { connect, ack, message, history })
}

/// Waits for an event of this type in which a field has this value.
async fn next_of(socket: &mut Socket, kind: &str, field: &str, value: &Value) -> Result<Value, Failure> {
    loop {
        let event = socket.next().await?;
        if event["type"] == "error" {
            return Err(event.to_string().into());
        }
        if event["type"] == kind && event[field] == *value {
            return Ok(event);
        }
    }
}

/// Returns the accounts' room. To open it, the company is in the directory for a moment.
async fn find_room(customer: &Account<'_>, company: &Account<'_>) -> Result<i64, Failure> {
    let rooms = customer.call(Method::GET, "/customer/chatrooms?limit=1", &Value::Null).await?;
    let room = &rooms["chatRooms"][0]["id"];
    if !room.is_null() {
        return id(room);
    }
    let profile = company.call(Method::GET, "/companies/me", &Value::Null).await?;
    show(company, true).await?;
    let body = json!({ "companyId": profile["id"] });
    id(&customer.call(Method::POST, "/customer/chatrooms", &body).await?["chatRoomId"])
}

/// Sets whether the company is in the directory.
async fn show(company: &Account<'_>, visible: bool) -> Result<(), Failure> {
    company.call(Method::PATCH, "/companies/me", &json!({ "profileVisibility": visible })).await.map(drop)
}

fn id(value: &Value) -> Result<i64, Failure> {
    value.as_i64().ok_or_else(|| format!("{value} is not the id of a room").into())
}

impl Canary {
    /// Logs in. If that fails because the account does not exist, signs it up first.
    async fn log_in<'a>(&self, client: &'a Client, kind: &'static str) -> Result<Account<'a>, Failure> {
        let username = format!("canary{}", &self.key.of("canary's username", kind)[..14]);
        let password = &self.key.of("canary's password", kind)[..32];
        match client.log_in(kind, &username, password).await? {
            Ok(account) => Ok(account),
            Err(code) if code == "login_failed" => {
                client.sign_up(kind, &username, password, NAME).await?;
                Ok(client.log_in(kind, &username, password).await??)
            }
            Err(code) => Err(code.into()),
        }
    }
}

/// Runs a step until a time, for at most [`STEP_TIMEOUT`], and logs its failure.
async fn step<T>(
    until: Instant,
    step: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Error> {
    let until = until.min(Instant::now() + STEP_TIMEOUT);
    let done = timeout_at(until, work).await.unwrap_or_else(|_| Err("no answer in time".into()));
    done.map_err(|error| {
        // A warning, because the call fails too and is counted as a failure.
        tracing::warn!(step, error = causes(&*error), "the conversation failed");
        Error::internal(format!("cannot {step}: {}", causes(&*error)))
    })
}

/// Runs one of the [`LAST_STEPS`].
async fn last_step<T>(name: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Error> {
    step(Instant::now() + STEP_TIMEOUT, name, work).await
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn step_without_time_left_fails_at_once_and_is_named() {
        let now = Instant::now();
        let error = step(now, "send a message", pending::<Result<(), Failure>>()).await.unwrap_err();
        assert!(now.elapsed() < STEP_TIMEOUT);
        assert!(causes(&error).contains("cannot send a message: no answer in time"), "{error:?}");
    }
}
