//! `POST /realtime/tickets`: a customer or company gets a ticket, which opens one WebSocket
//! connection.

use chatchat_domain::{AnyRole, Caller};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;
use chatchat_tokens::{Secret, TICKET_SECONDS};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedTicket {
    ticket: String,
    url: String,
    /// In seconds.
    expires_in: i64,
}

/// Answers 201 with the ticket and the path to connect to; 429 `too_many_requests`.
pub async fn create(store: &Store, caller: &Caller<AnyRole>, _: &Request) -> Result<Answer, Error> {
    let ticket = Secret::generate().map_err(Error::internal)?;
    store.create_ticket(caller, &ticket.hash(), TICKET_SECONDS).await?;
    let ticket = ticket.reveal().to_owned();
    let url = format!("/realtime?ticket={ticket}");
    Answer::created(&CreatedTicket { ticket, url, expires_in: TICKET_SECONDS })
}
