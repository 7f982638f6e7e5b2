//! The start, and the runtime.

use std::{env, process::ExitCode};

use chatchat_domain::causes;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;

use crate::{Event, Handler, Serve, StartError, http, telemetry};

/// Runs the handler that `_HANDLER` names, until Lambda ends the process. A failure to start is logged with its cause and
/// gives a failing exit code.
pub async fn run<S, E, F>(
    handlers: &'static [(&'static str, Handler<S, E>)],
    start: impl FnOnce() -> F,
) -> ExitCode
where
    S: Serve,
    E: DeserializeOwned + Sync,
    F: Future<Output = Result<S, StartError>>,
{
    telemetry::begin();
    match serve(handlers, start).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = causes(&*error), "the function could not start");
            ExitCode::FAILURE
        }
    }
}

async fn serve<S, E, F>(
    handlers: &'static [(&'static str, Handler<S, E>)],
    start: impl FnOnce() -> F,
) -> Result<(), lambda_runtime::Error>
where
    S: Serve,
    E: DeserializeOwned + Sync,
    F: Future<Output = Result<S, StartError>>,
{
    let asked = env::var("_HANDLER").unwrap_or_default();
    let Some((name, handler)) = handlers.iter().find(|(name, _)| *name == asked) else {
        let known = handlers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(StartError::UnknownHandler { name: asked, known }.into());
    };
    match handler {
        Handler::Bare(handler) => http::serve_bare(name, *handler).await,
        Handler::Http(handler) => http::serve(name, *handler, &start().await?).await,
        Handler::Event(handler) => {
            let service = &start().await?;
            lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
                let event = Event { deadline: event.context.deadline(), payload: event.payload };
                handler(service, &event).await.map_err(|error| causes(&error))
            }))
            .await
        }
    }
}
