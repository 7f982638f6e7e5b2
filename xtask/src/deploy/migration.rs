//! The call of the function `Migrate`. It is asynchronous, because networks close a connection that
//! waits for a response for several minutes.

use std::time::{Duration, Instant};

use chatchat_harness::Failure;
use serde_json::{Value, json};
use uuid::Uuid;

use super::aws::{Deployed, Stack};
use crate::failure;

/// How long to wait for the result: longer than an event may wait in Lambda's queue
/// (`MaximumEventAgeInSeconds`), and the function's `Timeout` after that.
const TIMEOUT: Duration = Duration::from_mins(22);

/// Migrates the schema of a stack, and returns the function's response.
///
/// Lambda sends the result of the call to the queue `MigrationResults`, also if the function
/// crashed or timed out. The result contains the event, whose id tells it from the results of other
/// calls. Messages stay in the queue until they expire.
pub(super) fn migrate(stack: &Stack, deployed: &Deployed) -> Result<Value, Failure> {
    let function = deployed.output("MigrateFunction")?;
    let Ok(queue) = deployed.output("MigrationResults") else {
        // The stack is from a version without this queue.
        return stack.invoke(function, &json!({}));
    };
    let id = Uuid::new_v4().to_string();
    let started = Instant::now();
    stack.invoke_later(function, &json!({ "id": id }))?;
    while started.elapsed() < TIMEOUT {
        let results = stack.receive(queue)?;
        if let Some(result) = results.into_iter().find(|result| result["requestPayload"]["id"] == id) {
            return outcome(function, result);
        }
    }
    Err(failure(format!(
        "{function} has not reported a result for {} minutes; its log group is /chatchat/{}/ops. Deploy again: \
         the new call waits for one that still runs",
        TIMEOUT.as_secs() / 60,
        stack.name
    )))
}

/// Reads a record of an asynchronous call, in the format of Lambda's destinations.
fn outcome(function: &str, mut record: Value) -> Result<Value, Failure> {
    let response = record["responsePayload"].take();
    match record["requestContext"]["condition"].as_str() {
        Some("Success") => Ok(response),
        condition => {
            Err(failure(format!("{function} failed ({}): {response}", condition.unwrap_or("unknown"))))
        }
    }
}
