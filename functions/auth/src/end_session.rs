//! `DELETE /customers/me/sessions/{id}` and `DELETE /companies/me/sessions/{id}`: an account ends
//! one of its sessions.

use chatchat_delivery::Delivery;
use chatchat_domain::{Caller, Role, SessionId};
use chatchat_function::{Answer, Error, Request};

/// Answers 204, and closes the connections of the session. Also answers 204, without any change, if
/// the session has ended or belongs to another account.
pub async fn end<R: Role>(
    delivery: &Delivery,
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let session = request.path::<SessionId>("id")?;
    let closed = delivery.store.end_own_session(caller, session).await?;
    delivery.connections.close_all(&closed).await;
    Ok(Answer::no_content())
}
