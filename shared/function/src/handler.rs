//! The table of handlers.

use std::{
    pin::Pin,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{Error, Need};

/// The time before Lambda's deadline that is reserved for reporting a timeout.
const MARGIN: Duration = Duration::from_millis(500);

/// The future that serves events. It never leaves the thread that runs the process.
pub type Serving = Pin<Box<dyn Future<Output = Result<(), lambda_runtime::Error>>>>;

/// A handler of an artifact: who calls it, what it needs, and how it is served.
pub struct Handler {
    /// The template's `Handler` property.
    pub name: &'static str,
    /// The callers that the handler accepts; `event` for a handler of other events than HTTP
    /// requests.
    pub caller: &'static str,
    /// Returns the needs of the handler. `run` loads exactly these.
    pub needs: fn() -> Vec<Need>,
    /// Serves one event after the other until Lambda ends the process.
    pub serve: fn() -> Serving,
}

impl Handler {
    /// Returns the handler as JSON, for tests that compare the template with it.
    pub(crate) fn describe(&self) -> Value {
        let mut needs = (self.needs)();
        needs.sort_unstable();
        needs.dedup();
        let needs: Vec<_> = needs.into_iter().map(Need::as_str).collect();
        json!({ "handler": self.name, "caller": self.caller, "needs": needs })
    }
}

/// An event that is not an HTTP request.
pub struct Event<E> {
    /// The payload that the event's source sent.
    pub payload: E,
    pub(crate) deadline: SystemTime,
}

impl<E> Event<E> {
    /// Returns the time until Lambda ends the process.
    pub fn time_left(&self) -> Duration {
        self.deadline.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// Waits for `work`. If that takes too long, fails with `unavailable` before Lambda's deadline.
    pub async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(time_left(self.deadline), work).await.unwrap_or_else(|_| Err(out_of_time()))
    }
}

pub(crate) fn out_of_time() -> Error {
    Error::Unavailable("the function ran out of time".into())
}

pub(crate) fn time_left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN)
}

/// Makes a table of handlers:
///
/// ```text
/// handlers![
///     Store: customer list_rooms_as_customer => list_rooms::list::<Customer>,
///     Delivery: event sweep => sweep::sweep,
/// ]
/// ```
///
/// The first word is the [`Resource`](crate::Resource) that the handler works with. The second word
/// is the caller:
///
/// | caller | handler |
/// |---|---|
/// | `public` | `async fn(&Resource, &Request) -> Result<Answer, Error>` |
/// | `anyone` | `async fn(&Resource, Option<&Caller<AnyRole>>, &Request) -> …` |
/// | `account` | `async fn(&Resource, &Caller<AnyRole>, &Request) -> …` |
/// | `customer` | `async fn(&Resource, &Caller<Customer>, &Request) -> …` |
/// | `company` | `async fn(&Resource, &Caller<Company>, &Request) -> …` |
/// | `event` | `async fn(&Resource, &Event<E>) -> Result<Value, Error>` |
///
/// The third word is the template's `Handler` property.
#[macro_export]
macro_rules! handlers {
    ($($resource:ty: $caller:ident $name:ident => $handler:expr),* $(,)?) => {
        &[$($crate::handlers!(@ $caller $resource, stringify!($name), $handler)),*]
    };
    (@ event $resource:ty, $name:expr, $handler:expr) => {
        $crate::Handler {
            name: $name,
            caller: "event",
            needs: <$resource as $crate::Resource>::needs,
            serve: || {
                Box::pin($crate::serve_events::<$resource, _>(|resource, event| Box::pin($handler(resource, event))))
            },
        }
    };
    (@ public $resource:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@http $resource, (), $name, |resource, (), request| {
            Box::pin($handler(resource, request))
        })
    };
    (@ anyone $resource:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@http $resource, Option<$crate::Caller<$crate::AnyRole>>, $name, |resource, caller, request| {
            Box::pin($handler(resource, caller.as_ref(), request))
        })
    };
    (@ account $resource:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@caller $resource, $crate::Caller<$crate::AnyRole>, $name, $handler)
    };
    (@ customer $resource:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@caller $resource, $crate::Caller<$crate::Customer>, $name, $handler)
    };
    (@ company $resource:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@caller $resource, $crate::Caller<$crate::Company>, $name, $handler)
    };
    (@caller $resource:ty, $caller:ty, $name:expr, $handler:expr) => {
        $crate::handlers!(@http $resource, $caller, $name, |resource, caller, request| {
            Box::pin($handler(resource, caller, request))
        })
    };
    (@http $resource:ty, $caller:ty, $name:expr, $handler:expr) => {
        $crate::Handler {
            name: $name,
            caller: <$caller as $crate::Authorize>::ACCEPTS,
            needs: $crate::http_needs::<$resource, $caller>,
            serve: || Box::pin($crate::serve_http::<$resource, $caller>($name, $handler)),
        }
    };
}
