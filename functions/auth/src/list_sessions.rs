//! `GET /customers/me/sessions` and `GET /companies/me/sessions`: an account lists its sessions.

use chatchat_domain::{Caller, Role, SessionSummary};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;
use serde::Serialize;

#[derive(Serialize)]
struct Sessions {
    sessions: Vec<SessionSummary>,
}

/// Answers 200 with the active sessions: the caller's own first, then the latest used, at most 100.
pub async fn list<R: Role>(store: &Store, caller: &Caller<R>, _: &Request) -> Result<Answer, Error> {
    let sessions = store.own_sessions(caller).await?;
    Answer::ok(&Sessions { sessions })
}
