//! Serving an HTTP route.

use chatchat_domain::{AnyRole, Caller};
use chatchat_store::Store;
use tokio::time::{Instant, timeout};

use crate::{
    Answer, Authorization, Authorize, BoxFuture, Error, Event, Loader, Need, Request, Resource, SigningKeys,
    Viewers,
    handler::{out_of_time, time_left},
    http_event::HttpEvent,
    run::serve_each,
};

/// Answers an HTTP request.
pub type HttpHandler<S, A> = for<'a> fn(&'a S, &'a A, &'a Request) -> BoxFuture<'a, Result<Answer, Error>>;

/// Returns what a route needs: its resource, and the signing keys if it has callers.
pub fn http_needs<S: Resource, A: Authorize>() -> Vec<Need> {
    let mut needs = S::needs();
    if A::VERIFIES {
        needs.push(Need::SigningKeys);
    }
    needs
}

/// What serves a route.
struct Route<S, A> {
    handler: HttpHandler<S, A>,
    resource: S,
    /// Present if access tokens are verified.
    signing_keys: Option<SigningKeys>,
    viewers: Viewers,
}

/// Loads what a route needs, and serves one request after the other until Lambda ends the process.
pub async fn serve_http<S: Resource, A: Authorize>(
    name: &'static str,
    handler: HttpHandler<S, A>,
) -> Result<(), lambda_runtime::Error> {
    let loader = Loader::new(http_needs::<S, A>());
    let signing_keys =
        async { if A::VERIFIES { loader.signing_keys().await.cloned().map(Some) } else { Ok(None) } };
    let (resource, signing_keys) = tokio::try_join!(S::load(&loader), signing_keys)?;
    let route = &Route { handler, resource, signing_keys, viewers: Viewers::from_environment() };
    serve_each(move |event: Event<HttpEvent>| async move {
        let started = Instant::now();
        let time_left = time_left(event.deadline);
        let request = Request::new(event.payload, &route.viewers);
        let outcome = timeout(time_left, route.handle(&request)).await.unwrap_or_else(|_| Err(out_of_time()));
        let mut refused = None;
        let answer = outcome.unwrap_or_else(|error| {
            refused = Some(error.code().as_str());
            error.log(request.id());
            Answer::error(&error, request.language, request.id())
        });
        // A call that succeeded has an account, so it needs no hashes.
        let has_no_account = request.ids.account.get().is_none();
        tracing::info!(
            request_id = request.id(),
            route = name,
            status = answer.status().as_u16(),
            code = refused,
            account = request.ids.account.get(),
            session = request.ids.session.get(),
            room = request.ids.room.get(),
            username_hash = request.ids.username.get().filter(|_| has_no_account),
            network_hash = request.ids.network.get().filter(|_| has_no_account),
            ms = started.elapsed().as_secs_f64() * 1000.0,
            database_ms = route.resource.store().map(Store::take_elapsed_ms),
            push_ms = route.resource.take_push_ms(),
            "answered"
        );
        Ok::<_, lambda_runtime::Error>(answer.into_response())
    })
    .await
}

impl<S: Resource, A: Authorize> Route<S, A> {
    /// Verifies the access token and calls the handler.
    ///
    /// A request with an ended session always gets 401, also if the handler rejected it before the
    /// database saw the session.
    async fn handle(&self, request: &Request) -> Result<Answer, Error> {
        let authorization = self.authorization(request).await;
        if let Authorization::Verified(claims) = authorization {
            request.ids.set_session(claims.account, claims.session);
        }
        let outcome = match A::authorize(authorization).and_then(|caller| request.check().and(Ok(caller))) {
            Ok(caller) => (self.handler)(&self.resource, &caller, request).await,
            Err(error) => Err(error),
        };
        let Authorization::Verified(claims) = authorization else { return outcome };
        if let (Err(error), Some(store)) = (&outcome, self.resource.store())
            && error.precedes_session_check()
        {
            let caller = Caller::<AnyRole>::with_token(claims.account, claims.session);
            store.check_session(&caller).await?;
        }
        outcome
    }

    async fn authorization(&self, request: &Request) -> Authorization {
        match (request.bearer(), &self.signing_keys) {
            (Some(token), Some(keys)) => {
                keys.verify(token).await.map_or(Authorization::Invalid, Authorization::Verified)
            }
            _ => Authorization::Absent,
        }
    }
}
