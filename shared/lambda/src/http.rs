//! Serving an HTTP route.

use std::time::Duration;

use chatchat_domain::ErrorCode;
use lambda_http::{RequestExt, Response, service_fn};
use tokio::time::{Instant, timeout};

use crate::{
    Answer, Error, Request, Serve,
    handler::{BareHandler, HttpHandler, out_of_time, time_left},
    request::Authorization,
};

/// Serves one event after the other until Lambda ends the process.
pub(crate) async fn serve<S: Serve>(
    name: &'static str,
    handler: HttpHandler<S>,
    service: &S,
) -> Result<(), lambda_http::Error> {
    let service = &service;
    lambda_http::run(service_fn(move |event: lambda_http::Request| async move {
        let started = Instant::now();
        let deadline = event.lambda_context_ref().map(lambda_http::Context::deadline);
        let mut request = Request::new(event);
        let left = deadline.map_or(Duration::MAX, time_left);
        let outcome = match timeout(left, handle(handler, service, &mut request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(out_of_time()),
        };
        let answer = outcome.unwrap_or_else(|error| {
            error.log(&request.id);
            Answer::error(&error, request.language, &request.id)
        });
        log(name, &request, &answer, started, *service);
        Ok::<Response<_>, lambda_http::Error>(answer.into_response())
    }))
    .await
}

/// The same for a handler that needs no service.
pub(crate) async fn serve_bare(name: &'static str, handler: BareHandler) -> Result<(), lambda_http::Error> {
    lambda_http::run(service_fn(move |event: lambda_http::Request| async move {
        let request = Request::new(event);
        let answer =
            handler(&request).unwrap_or_else(|error| Answer::error(&error, request.language, &request.id));
        tracing::info!(request_id = request.id, route = name, status = answer.status().as_u16(), "answered");
        Ok::<Response<_>, lambda_http::Error>(answer.into_response())
    }))
    .await
}

/// Verifies the access token and calls the handler. On a route that has a caller, what refused the request is told to living
/// sessions alone.
async fn handle<S: Serve>(
    handler: HttpHandler<S>,
    service: &S,
    request: &mut Request,
) -> Result<Answer, Error> {
    request.identify_viewer(&service.core().viewers);
    request.authorization = service.core().authorize(request.bearer()).await;
    let request = &*request;
    let outcome = handler(service, request).await;
    if let (Err(error), Some(caller)) = (&outcome, request.asked_caller())
        && error.came_before_the_store()
    {
        service.core().store.living_caller(caller).await?.ok_or(ErrorCode::Unauthenticated)?;
    }
    outcome
}

fn log(route: &str, request: &Request, answer: &Answer, started: Instant, service: &impl Serve) {
    let account = match &request.authorization {
        Authorization::Verified(claims) => Some(claims.account.get()),
        _ => None,
    };
    tracing::info!(
        request_id = request.id,
        route,
        status = answer.status().as_u16(),
        account,
        ms = started.elapsed().as_secs_f64() * 1000.0,
        database_ms = service.core().store.take_elapsed_ms(),
        push_ms = service.push_ms(),
        "answered"
    );
}
