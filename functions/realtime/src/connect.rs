//! `$connect`: a client opens a connection with its ticket.

use chatchat_auth::Secret;
use chatchat_domain::ErrorCode;
use chatchat_lambda::{Error, Event, optional, status};
use chatchat_push::Service;
use serde_json::{Value, json};

use crate::frame::Frame;

/// Accepts a connection whose `Origin` is listed, or that has none and so comes from no browser, and whose ticket is good. Anything
/// else refuses the handshake, with the status of its code.
pub async fn connect(service: &Service, event: &Event<Frame>) -> Result<Value, Error> {
    let frame = &event.payload;
    let status = match event.in_time(accept(service, frame)).await {
        Ok(()) => 200,
        Err(error) => {
            error.log(frame.request_id());
            status(error.code()).as_u16()
        }
    };
    tracing::info!(
        request_id = frame.request_id(),
        route = "$connect",
        status,
        database_ms = service.core.store.take_elapsed_ms(),
        "answered"
    );
    Ok(json!({ "statusCode": status }))
}

async fn accept(service: &Service, frame: &Frame) -> Result<(), Error> {
    let listed = optional("ALLOWED_ORIGINS").unwrap_or_default();
    if frame.header("origin").is_some_and(|origin| !is_listed(origin, &listed)) {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    let ticket = Secret::presented(frame.query("ticket").ok_or(ErrorCode::Unauthenticated)?);
    service.core.store.connect(&ticket.hash(), &frame.connection).await?;
    Ok(())
}

/// Whether a comma-separated list has the origin, to the letter.
fn is_listed(origin: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|allowed| !allowed.is_empty() && allowed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_to_the_letter() {
        let list = "https://chat.example.com, http://localhost:8080";
        assert!(is_listed("https://chat.example.com", list));
        assert!(is_listed("http://localhost:8080", list));
        for origin in [
            "",
            "null",
            "https://example.com",
            "https://chat.example.com.evil.com",
            "http://chat.example.com",
        ] {
            assert!(!is_listed(origin, list), "{origin:?}");
        }
        assert!(!is_listed("", ""));
    }
}
