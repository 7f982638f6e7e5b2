//! The start of a process.

use std::{
    env,
    fmt::Debug,
    io::{Write, stdout},
    process::ExitCode,
};

use chatchat_domain::causes;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
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
    let resource = &S::load(&Loader::new(S::needs())).await?;
    serve_each(move |event| async move { handler(resource, &event).await.map_err(|error| causes(&error)) })
        .await
}

/// What Lambda delivers.
enum Delivered<E> {
    /// `{"warm": true}`, with which the schedules of the template keep a process running. An event
    /// of API Gateway, a rule or Secrets Manager has no such field at its top level, whatever a
    /// client sends.
    Warm,
    /// An event for the handler.
    Event(E),
}

impl<'de, E: DeserializeOwned> Deserialize<'de> for Delivered<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        if event["warm"] == true {
            return Ok(Self::Warm);
        }
        E::deserialize(event).map(Self::Event).map_err(D::Error::custom)
    }
}

/// Serves one event after the other until Lambda ends the process. A warm event never reaches the
/// handler, so it does no work and opens no connection to the database.
pub(crate) async fn serve_each<E, R, F, X>(
    handle: impl Fn(Event<E>) -> F,
) -> Result<(), lambda_runtime::Error>
where
    E: DeserializeOwned,
    R: Serialize,
    F: Future<Output = Result<R, X>>,
    X: Into<Diagnostic> + Debug,
{
    let handle = &handle;
    telemetry::ready();
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Delivered<E>>| async move {
        telemetry::begin_event();
        let deadline = event.context.deadline();
        match event.payload {
            Delivered::Warm => Ok(None),
            Delivered::Event(payload) => handle(Event { payload, deadline }).await.map(Some),
        }
    }))
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn only_a_top_level_field_makes_an_event_warm() {
        let is_warm = |event| matches!(from_value(event).unwrap(), Delivered::<Value>::Warm);
        assert!(is_warm(json!({ "warm": true })));
        for event in [
            json!({ "body": r#"{"warm":true}"#, "requestContext": { "routeKey": "POST /customers" } }),
            json!({ "queryStringParameters": { "warm": "true" }, "headers": { "warm": "true" } }),
            json!({ "warm": "true" }),
            json!({ "Step": "createSecret" }),
            json!([{ "warm": true }]),
            json!("warm"),
            json!(null),
        ] {
            assert!(!is_warm(event.clone()), "{event}");
        }
    }
}
