//! The start of a process.

use std::{
    env,
    io::{Write, stdout},
    process::ExitCode,
};

use chatchat_domain::causes;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{BoxFuture, Error, Event, Handler, Loader, Resource, StartError, telemetry};

/// Answers an event that is not an HTTP request. The returned value is the function's response. If
/// it returns an error, the invocation fails; the message contains the error and its causes.
pub type EventHandler<S, E> = for<'a> fn(&'a S, &'a Event<E>) -> BoxFuture<'a, Result<Value, Error>>;

/// Runs the handler that `_HANDLER` names until Lambda ends the process. A failed start is logged
/// with its cause and gives a failing exit code.
///
/// With the argument `--describe`, prints all handlers as JSON instead, with their callers and
/// needs.
pub async fn run(handlers: &'static [Handler]) -> ExitCode {
    let served = if env::args().nth(1).as_deref() == Some("--describe") {
        describe(handlers)
    } else {
        telemetry::begin();
        serve(handlers).await
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = causes(&*error), "the function could not start");
            ExitCode::FAILURE
        }
    }
}

fn describe(handlers: &[Handler]) -> Result<(), lambda_runtime::Error> {
    let described: Value = handlers.iter().map(Handler::describe).collect();
    Ok(writeln!(stdout(), "{described}")?)
}

async fn serve(handlers: &'static [Handler]) -> Result<(), lambda_runtime::Error> {
    let name = env::var("_HANDLER").unwrap_or_default();
    let Some(handler) = handlers.iter().find(|handler| handler.name == name) else {
        let known = handlers.iter().map(|handler| handler.name).collect::<Vec<_>>().join(", ");
        return Err(StartError::UnknownHandler { name, known }.into());
    };
    (handler.serve)().await
}

/// Loads what an event's handler needs, and serves one event after the other.
pub async fn serve_events<S: Resource, E: DeserializeOwned + Send + Sync>(
    handler: EventHandler<S, E>,
) -> Result<(), lambda_runtime::Error> {
    let resource = &S::load(&Loader::default()).await?;
    if let Some(store) = resource.store() {
        store.connect_ahead().await;
    }
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
        let event = Event { deadline: event.context.deadline(), payload: event.payload };
        handler(resource, &event).await.map_err(|error| causes(&error))
    }))
    .await
}
