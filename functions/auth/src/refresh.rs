//! `POST /customer/token` and `POST /company/token`: a client exchanges its refresh token for a new
//! one and an access token.

use chatchat_delivery::Delivery;
use chatchat_domain::{ErrorCode, Role};
use chatchat_function::{Answer, Error, Pseudonyms, Request, SigningKeys};
use chatchat_store::{Offer, RenewalOutcome, network};
use chatchat_tokens::{Claims, Secret};

use crate::cookie;

/// Answers 201 like a login. The rules are those of `Store::renew_session`.
///
/// Fails with 403 `origin_not_allowed`; with 400 `invalid_refresh_token` for a cookie that is
/// missing, unknown or expired, for a replay, which ends the session, and for cookies of several
/// accounts, which are cleared; with 429 `too_many_requests`; and with 503 `unavailable` for a
/// token that a change of password replaced a moment ago, because the browser will have the new
/// cookie when it retries.
pub async fn refresh<R: Role>(
    ((delivery, keys), pseudonyms): &((Delivery, SigningKeys), Pseudonyms),
    request: &Request,
) -> Result<Answer, Error> {
    request.check_origin()?;
    request.ids.set_network(&pseudonyms.of_network(&network(request.viewer_address())));
    let presented = cookie::presented::<R>(request);
    if presented.is_empty() {
        return Err(ErrorCode::InvalidRefreshToken.into());
    }
    let mut offers = Vec::with_capacity(presented.len());
    for token in &presented {
        let successor = keys.successors(token).await.current;
        offers.push(Offer { presented: token.hash(), successor: successor.hash() });
    }
    let renewal = delivery.store.renew_session(R::KIND, &offers).await?;
    for (account, session) in renewal.replayed {
        let (account, session) = (account.get(), session.get());
        tracing::warn!(
            request_id = request.id(),
            account,
            session,
            "a refresh token was replayed; its session is ended"
        );
    }
    delivery.connections.close_all(&renewal.closed).await;
    match renewal.outcome {
        RenewalOutcome::Renewed { account, session, successor, seconds } => {
            request.ids.set_session(account, session);
            let refresh = with_hash(keys, &presented, &successor).await?;
            let claims = Claims { account, kind: R::KIND, session };
            cookie::session_response::<R>(keys, &claims, &refresh, seconds).await
        }
        RenewalOutcome::Conflict => {
            Ok(cookie::without_session::<R>(Answer::refused(ErrorCode::InvalidRefreshToken, request)))
        }
        RenewalOutcome::Limited(error) => Err(error.into()),
        RenewalOutcome::Superseded => Err(Error::Unavailable("the password was changed a moment ago".into())),
        RenewalOutcome::Invalid => Err(ErrorCode::InvalidRefreshToken.into()),
    }
}

/// Returns the successor of one of the tokens that has this hash. If no known key derives it,
/// another process renewed the session with a newer key, so the keys are read again.
async fn with_hash(keys: &SigningKeys, presented: &[Secret], hash: &[u8; 32]) -> Result<Secret, Error> {
    for reads in 0..2 {
        if reads > 0 {
            keys.refresh().await;
        }
        for token in presented {
            if let Some(found) = keys.successors(token).await.with_hash(hash) {
                return Ok(found);
            }
        }
    }
    Err(ErrorCode::InvalidRefreshToken.into())
}
