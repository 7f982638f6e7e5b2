//! The table of handlers, the start, and the runtime.

use std::{
    env,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Answer, BoxFuture, Error, Request, Serve, StartError, error::causes, http, telemetry};

/// What is kept of an event's time for telling that it ran out.
const MARGIN: Duration = Duration::from_millis(500);

/// Answers an HTTP request.
pub type HttpHandler<S> = for<'a> fn(&'a S, &'a Request) -> BoxFuture<'a, Result<Answer, Error>>;
/// Answers any other event; what it gives is the function's answer, and a failure is told to whoever invoked it, with its causes.
pub type EventHandler<S, E> = for<'a> fn(&'a S, &'a Event<E>) -> BoxFuture<'a, Result<Value, Error>>;

/// What a handler's name in the template stands for.
pub enum Handler<S, E = Value> {
    /// A route of the HTTP API.
    Http(HttpHandler<S>),
    /// Anything else that invokes a function.
    Event(EventHandler<S, E>),
}

/// An event that is no HTTP request.
pub struct Event<E> {
    /// As its source wrote it.
    pub payload: E,
    pub(crate) deadline: SystemTime,
}

impl<E> Event<E> {
    /// How long the handler may take and still be able to say that it failed.
    pub fn time_left(&self) -> Duration {
        time_left(self.deadline)
    }
}

pub(crate) fn time_left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN)
}

/// Makes a table of handlers: `handlers![http create => create::create, event migrate => migrate::migrate]`. The name on the
/// left is the template's `Handler`; on the right stands an `async fn(&Service, &Request)` or `async fn(&Service, &Event<E>)`.
#[macro_export]
macro_rules! handlers {
    (@ http $handler:expr) => { $crate::Handler::Http(|service, request| Box::pin($handler(service, request))) };
    (@ event $handler:expr) => { $crate::Handler::Event(|service, event| Box::pin($handler(service, event))) };
    ($($kind:ident $name:ident => $handler:expr),* $(,)?) => {
        &[$((stringify!($name), $crate::handlers!(@ $kind $handler))),*]
    };
}

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
            tracing::error!(error = &*error as &dyn std::error::Error, "the function could not start");
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
    let service = start().await?;
    match handler {
        Handler::Http(handler) => http::serve(name, *handler, &service).await,
        Handler::Event(handler) => {
            let service = &service;
            lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
                let event = Event { deadline: event.context.deadline(), payload: event.payload };
                handler(service, &event).await.map_err(|error| causes(&error))
            }))
            .await
        }
    }
}
