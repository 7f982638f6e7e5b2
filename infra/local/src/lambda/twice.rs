//! The fault `DeliverTwice`: one event, delivered twice.

use tokio::sync::oneshot;

use super::{InvokeError, call::Call};

/// Submits a call twice with the same id. The caller gets the first result; the second is dropped.
///
/// If `concurrently` is set, both calls run at the same time; otherwise the second one starts after
/// the first one has ended.
pub(super) fn submit_twice(
    call: Call,
    concurrently: bool,
    submit: impl Fn(Call) -> Result<(), InvokeError> + Send + 'static,
) -> Result<(), InvokeError> {
    let Call { id, event, route, answer } = call;
    let (first, answered) = oneshot::channel();
    let (second, _) = oneshot::channel();
    submit(Call { id, event: event.clone(), route: route.clone(), answer: first })?;
    tokio::spawn(async move {
        let again = Call { id, event, route, answer: second };
        // The second call has no caller, so nothing happens if it is throttled.
        if concurrently {
            _ = submit(again);
            _ = answered.await.map(|result| answer.send(result));
        } else {
            _ = answered.await.map(|result| answer.send(result));
            _ = submit(again);
        }
    });
    Ok(())
}
