//! The function with which an operator restricts or withdraws an account, or removes a message. It
//! has no route: only someone with permission to invoke functions can call it.

use chatchat_delivery::Delivery;
use chatchat_domain::RoomId;
use chatchat_function::{Error, Event, Pseudonyms};
use serde::Deserialize;
use serde_json::{Value, json};

/// A measure, for example `{"restrict": "kimshop1"}`. Accounts are given by username.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Measure {
    /// Ends all sessions of an account, hides it from the directory, and prevents logins.
    Restrict(String),
    /// Lifts a restriction.
    Lift(String),
    /// Withdraws an account, as the account itself can.
    Withdraw(String),
    /// Replaces the content of a message.
    RemoveMessage {
        /// The room's id.
        room: RoomId,
        /// The message's seq in the room.
        seq: i64,
    },
}

/// Takes a measure, logs it, and returns the account's id, or the room and the seq. Fails if the
/// account or the message does not exist.
pub async fn moderate(
    (delivery, pseudonyms): &(Delivery, Pseudonyms),
    event: &Event<Measure>,
) -> Result<Value, Error> {
    event.in_time(take(delivery, pseudonyms, &event.payload)).await
}

async fn take(delivery: &Delivery, pseudonyms: &Pseudonyms, measure: &Measure) -> Result<Value, Error> {
    let store = &delivery.store;
    let (measure, moderated) = match measure {
        Measure::Restrict(username) => ("restrict", store.restrict(username).await?),
        Measure::Lift(username) => ("lift", store.lift_restriction(username).await?),
        Measure::Withdraw(username) => {
            ("withdraw", store.withdraw_by_name(username, &pseudonyms.of_username(username)).await?)
        }
        Measure::RemoveMessage { room, seq } => {
            if !store.remove_message(*room, *seq).await? {
                return Err(Error::internal("there is no such message"));
            }
            tracing::info!(measure = "removeMessage", %room, seq, "moderated");
            return Ok(json!({ "room": room, "seq": seq }));
        }
    };
    let moderated = moderated.ok_or_else(|| Error::internal("there is no such account"))?;
    delivery.connections.close_all(&moderated.closed).await;
    tracing::info!(measure, account = %moderated.id, "moderated");
    Ok(json!({ "account": moderated.id }))
}
