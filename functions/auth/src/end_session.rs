//! `DELETE /customers/me/sessions/{id}` and `DELETE /companies/me/sessions/{id}`: an account ends one of its sessions.

use chatchat_domain::{Role, SessionId};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;

/// Answers 204, and closes the session's connections. A session that has ended, or that is not one of the account, is left as it is and
/// gets the same answer.
pub async fn end<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let session = request.path::<SessionId>("id")?;
    let closed = service.core.store.end_own_session(&caller, session).await?;
    service.delivery()?.connections.close_all(&closed).await;
    Ok(Answer::no_content())
}
