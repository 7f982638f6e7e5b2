//! The table of handlers: what stands in it, and how it is written down.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::time::timeout;

use crate::{Answer, BoxFuture, Error, Request};

/// What is kept of an event's time for telling that it ran out.
const MARGIN: Duration = Duration::from_millis(500);

/// Answers an HTTP request.
pub type HttpHandler<S> = for<'a> fn(&'a S, &'a Request) -> BoxFuture<'a, Result<Answer, Error>>;
/// Answers any other event; what it gives is the function's answer, and a failure is told to whoever invoked it, with its causes.
pub type EventHandler<S, E> = for<'a> fn(&'a S, &'a Event<E>) -> BoxFuture<'a, Result<Value, Error>>;

/// Answers an HTTP request out of nothing.
pub type BareHandler = fn(&Request) -> Result<Answer, Error>;

/// What a handler's name in the template stands for.
pub enum Handler<S, E = Value> {
    /// A route of the HTTP API.
    Http(HttpHandler<S>),
    /// One that needs no service: no database, no secrets.
    Bare(BareHandler),
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
    /// How long it is until Lambda ends the process.
    pub fn time_left(&self) -> Duration {
        self.deadline.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// Waits for `work`, but no longer than leaves the time to say that it failed.
    pub async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(time_left(self.deadline), work).await.unwrap_or_else(|_| Err(out_of_time()))
    }
}

pub(crate) fn out_of_time() -> Error {
    Error::Unavailable("it ran out of time".into())
}

pub(crate) fn time_left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN)
}

/// Makes a table of handlers: `handlers![http create => create::create, event migrate => migrate::migrate]`. The name on the
/// left is the template's `Handler`; on the right stands an `async fn(&Service, &Request)` or `async fn(&Service, &Event<E>)`.
#[macro_export]
macro_rules! handlers {
    (@ http $handler:expr) => { $crate::Handler::Http(|service, request| Box::pin($handler(service, request))) };
    (@ bare $handler:expr) => { $crate::Handler::Bare($handler) };
    (@ event $handler:expr) => { $crate::Handler::Event(|service, event| Box::pin($handler(service, event))) };
    ($($kind:ident $name:ident => $handler:expr),* $(,)?) => {
        &[$((stringify!($name), $crate::handlers!(@ $kind $handler))),*]
    };
}
