//! `DELETE /customer/session` and `DELETE /company/session`: a client ends its session.

use chatchat_delivery::Delivery;
use chatchat_domain::Role;
use chatchat_function::{Answer, Error, Request};

use crate::cookie;

/// Answers 204, clears the cookie, and ends the session of each refresh token in the request; also
/// 204 without a cookie or with an invalid one; 403 `origin_not_allowed`.
pub async fn log_out<R: Role>(delivery: &Delivery, request: &Request) -> Result<Answer, Error> {
    request.check_origin()?;
    let presented = cookie::hashes(&cookie::presented::<R>(request));
    if !presented.is_empty() {
        let ended = delivery.store.end_sessions(R::KIND, &presented).await?;
        for (account, session) in ended.sessions {
            request.ids.set_session(account, session);
        }
        delivery.connections.close_all(&ended.closed).await;
    }
    Ok(cookie::without_session::<R>(Answer::no_content()))
}
