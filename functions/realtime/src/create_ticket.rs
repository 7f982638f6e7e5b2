//! `POST /realtime/tickets`: a customer or company gets a ticket, which opens one WebSocket connection.

use chatchat_auth::{Secret, TICKET_SECONDS};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 201 with the ticket and the path to connect to.
pub async fn create(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.either_caller()?;
    let ticket = Secret::generate().map_err(Error::internal)?;
    service.core.store.create_ticket(caller, &ticket.hash(), TICKET_SECONDS).await?;
    let ticket = ticket.reveal();
    Answer::created(&json!({
        "ticket": ticket,
        "url": format!("/realtime?ticket={ticket}"),
        "expiresIn": TICKET_SECONDS,
    }))
}
