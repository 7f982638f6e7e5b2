//! `POST /token`: a client trades its refresh token for a new one and an access token.

use chatchat_auth::{Claims, REFRESH_TOKEN_SECONDS, Secret};
use chatchat_domain::ErrorCode;
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use chatchat_store::Renewal;

use crate::cookie;

/// Answers 201 like a login; 403 `origin_not_allowed`; 400 `invalid_refresh_token` for a cookie that is missing, unknown or expired, and
/// for a replay, which ends the session.
pub async fn refresh(service: &Service, request: &Request) -> Result<Answer, Error> {
    request.check_origin()?;
    let presented = cookie::presented(request).ok_or(ErrorCode::InvalidRefreshToken)?;
    let (mut successors, mut renewal) = trade(service, &presented).await?;
    if matches!(renewal, Renewal::OtherKey) {
        // Another process traded it a moment ago, under a key that is newer than ours.
        service.core.read_keys_again().await;
        (successors, renewal) = trade(service, &presented).await?;
    }
    match renewal {
        Renewal::Renewed { account, kind, session, successor } => {
            cookie::tokens(service, &Claims { account, kind, session }, &successors[successor]).await
        }
        Renewal::Replayed(closed) => {
            tracing::warn!(request_id = request.id(), "a refresh token was replayed; its session is ended");
            service.delivery()?.connections.close_all(&closed).await;
            Err(ErrorCode::InvalidRefreshToken.into())
        }
        Renewal::OtherKey | Renewal::Worthless => Err(ErrorCode::InvalidRefreshToken.into()),
    }
}

async fn trade(service: &Service, presented: &Secret) -> Result<(Vec<Secret>, Renewal), Error> {
    let successors = service.core.successors(presented).await?;
    let hashes: Vec<_> = successors.iter().map(Secret::hash).collect();
    let renewal = service.core.store.renew_session(&presented.hash(), &hashes, REFRESH_TOKEN_SECONDS).await?;
    Ok((successors, renewal))
}
