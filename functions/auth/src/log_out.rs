//! `DELETE /logout`: a client ends its session.

use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;

use crate::cookie;

/// Answers 204 and takes the cookie back, also where there is none or it is worth nothing; 403 `origin_not_allowed`.
pub async fn log_out(service: &Service, request: &Request) -> Result<Answer, Error> {
    request.check_origin()?;
    if let Some(presented) = cookie::presented(request) {
        let closed = service.core.store.end_session(&presented.hash()).await?;
        service.delivery()?.connections.close_all(&closed).await;
    }
    cookie::cleared(Answer::no_content())
}
