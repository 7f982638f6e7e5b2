//! The Lambda service: functions by logical id, and calls to them.

mod call;
mod environments;
mod error;
mod function;
mod pool;
mod process;
mod runtime_api;
mod slot;
mod twice;

use std::{collections::BTreeMap, convert::Infallible, fmt, sync::Arc, time::Duration};

use axum::body::Bytes;

use crate::{clock::Clock, faults::Faults, log::Log};
use environments::Environments;
pub use error::InvokeError;
pub(crate) use function::Function;
pub(crate) use process::Output;
pub use slot::{Environment, EnvironmentState};

/// A call of a function that has ended.
#[derive(Debug)]
pub struct Called<'a> {
    /// The logical id of the function.
    pub function: &'a str,
    /// The event.
    pub event: &'a [u8],
    /// Whether the call had to start a process, because no process of the function was idle.
    pub is_cold: bool,
}

/// Receives each call that has ended.
pub type Calls = Arc<dyn Fn(&Called<'_>) + Send + Sync>;

/// All functions.
pub(crate) struct Lambda {
    functions: BTreeMap<String, Arc<Environments>>,
    faults: Arc<Faults>,
    clock: Clock,
    calls: Option<Calls>,
}

impl fmt::Debug for Lambda {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Lambda").field(&self.functions).finish()
    }
}

impl Lambda {
    pub(crate) fn new(
        functions: Vec<Function>,
        output: &Output,
        log: &Log,
        faults: &Arc<Faults>,
        clock: &Clock,
        calls: Option<Calls>,
    ) -> Self {
        let functions = functions.into_iter().map(|function| {
            let id = function.id.clone();
            let (faults, clock) = (Arc::clone(faults), clock.clone());
            (id, Arc::new(Environments::new(function, output.clone(), log.clone(), faults, clock)))
        });
        Self { functions: functions.collect(), faults: Arc::clone(faults), clock: clock.clone(), calls }
    }

    /// Returns whether the function exists.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.functions.contains_key(function)
    }

    /// Calls a function and waits for its result. The function continues if the caller stops
    /// waiting.
    pub(crate) async fn invoke(&self, function: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        if self.faults.any() {
            let running = self.functions.values().map(|environments| environments.running()).sum();
            if let Some(limit) = self.faults.throttles(running) {
                return Err(InvokeError::Throttled(limit));
            }
        }
        let environments = self.functions.get(function);
        let environments = environments.ok_or_else(|| InvokeError::UnknownFunction(function.to_owned()))?;
        let _turn = self.clock.turn();
        let mut is_cold = false;
        let answer = environments.invoke(event.clone(), &mut is_cold).await;
        if let Some(calls) = &self.calls {
            calls(&Called { function, event: &event, is_cold });
        }
        answer
    }

    /// Returns the processes of a function; empty if the function does not exist.
    pub(crate) fn environments(&self, function: &str) -> Vec<Environment> {
        self.functions.get(function).map(|environments| environments.all()).unwrap_or_default()
    }

    /// Kills a process. Returns false if no function has this process.
    pub(crate) fn kill(&self, pid: u32) -> bool {
        self.functions.values().any(|environments| environments.kill(pid))
    }

    /// Returns whether the process with this session token may call `@connections`: false if a
    /// fault kills the process at this call, or if the process has ended.
    pub(crate) fn allows_push(&self, session_token: &str) -> bool {
        let Some((function, id)) = session_token.rsplit_once('/') else {
            return true;
        };
        match (self.functions.get(function), id.parse()) {
            (Some(environments), Ok(id)) => environments.allows_push(id),
            _ => true,
        }
    }

    /// Ends processes that have waited for an event for at least `limit`. The future never ends.
    pub(crate) fn end_idle_environments(
        self: Arc<Self>,
        limit: Duration,
    ) -> impl Future<Output = Infallible> + Send {
        let interval = (limit / 10).max(Duration::from_millis(1));
        let mut check = self.clock.wait_until(self.clock.now() + interval);
        async move {
            loop {
                let _turn = check.await;
                check = self.clock.wait_until(self.clock.now() + interval);
                for environments in self.functions.values() {
                    environments.end_idle(limit);
                }
            }
        }
    }

    /// Kills all processes; calls in flight fail.
    pub(crate) fn close(&self) {
        for environments in self.functions.values() {
            environments.close();
        }
    }

    /// Waits until all processes have ended. Call it after [`Lambda::close`].
    pub(crate) async fn ended(&self) {
        for environments in self.functions.values() {
            environments.ended().await;
        }
    }
}
