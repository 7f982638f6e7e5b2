//! `POST /realtime/tickets`: somebody asks for a ticket, which opens one WebSocket connection.

use chatchat_auth::{Secret, TICKET_SECONDS};
use chatchat_lambda::{Answer, Error, Request, required};
use chatchat_push::Service;
use serde_json::json;

/// Answers 201 with the ticket and the address to connect to.
pub async fn create(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.either_caller()?;
    let address = required("WEBSOCKET_URL").map_err(Error::internal)?;
    let ticket = Secret::generate().map_err(Error::internal)?;
    service.core.store.create_ticket(caller, &ticket.hash(), TICKET_SECONDS).await?;
    let ticket = ticket.reveal();
    Answer::created(&json!({
        "ticket": ticket,
        "url": format!("{address}?ticket={ticket}"),
        "expiresIn": TICKET_SECONDS,
    }))
}
