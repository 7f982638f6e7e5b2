//! `POST /realtime/tickets`: a customer or company gets a ticket, which opens one WebSocket
//! connection.

use chatchat_auth::{Secret, TICKET_SECONDS};
use chatchat_domain::{AnyRole, Caller};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_store::Store;
use serde_json::json;

/// Answers 201 with the ticket and the path to connect to.
pub async fn create(store: &Store, caller: &Caller<AnyRole>, _: &Request) -> Result<Answer, Error> {
    let ticket = Secret::generate().map_err(Error::internal)?;
    store.create_ticket(caller, &ticket.hash(), TICKET_SECONDS).await?;
    let ticket = ticket.reveal();
    Answer::created(&json!({
        "ticket": ticket,
        "url": format!("/realtime?ticket={ticket}"),
        "expiresIn": TICKET_SECONDS,
    }))
}
