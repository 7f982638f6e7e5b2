//! The Lambda service: functions by logical id, and calls to them.

mod error;
mod faults;
mod life;
mod pool;
mod process;
mod runtime_api;
mod slot;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

pub use error::InvokeError;
pub use slot::{Environment, EnvironmentState};

use crate::faults::Faults;
use crate::log::Log;
use pool::Pool;
pub(crate) use process::Output;

/// A function, ready to run.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) program: PathBuf,
    /// The environment of its processes but for what each has of its own: the address of the Runtime API and the session token.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) timeout: Duration,
    pub(crate) init_limit: Duration,
    /// Processes at a time.
    pub(crate) environments: usize,
    pub(crate) event_limit: usize,
    pub(crate) answer_limit: usize,
}

/// All functions.
#[derive(Debug)]
pub(crate) struct Lambda {
    pools: BTreeMap<String, Arc<Pool>>,
}

impl Lambda {
    pub(crate) fn new(functions: Vec<Function>, output: &Output, log: &Log, faults: &Arc<Faults>) -> Self {
        let pools = functions.into_iter().map(|function| {
            let id = function.id.clone();
            (id, Arc::new(Pool::new(function, output.clone(), log.clone(), Arc::clone(faults))))
        });
        Self { pools: pools.collect() }
    }

    /// Whether there is such a function.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.pools.contains_key(function)
    }

    /// Calls a function and waits for its answer. The function goes on when the caller stops waiting.
    pub(crate) async fn invoke(&self, function: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        let pool =
            self.pools.get(function).ok_or_else(|| InvokeError::UnknownFunction(function.to_owned()))?;
        pool.invoke(event).await
    }

    /// The processes of a function; none when there is no such function.
    pub(crate) fn environments(&self, function: &str) -> Vec<Environment> {
        self.pools.get(function).map(|pool| pool.environments()).unwrap_or_default()
    }

    /// Kills a process if it is one of the functions'.
    pub(crate) fn kill(&self, pid: u32) -> bool {
        self.pools.values().any(|pool| pool.kill(pid))
    }

    /// For as long as it is polled: ends the processes that have waited for an event for so long.
    pub(crate) async fn end_idle_environments(self: Arc<Self>, limit: Duration) -> Infallible {
        loop {
            tokio::time::sleep((limit / 10).max(Duration::from_millis(1))).await;
            for pool in self.pools.values() {
                pool.end_idle(limit);
            }
        }
    }

    /// Kills all processes; calls in flight fail.
    pub(crate) fn close(&self) {
        for pool in self.pools.values() {
            pool.close();
        }
    }

    /// Waits until all processes have ended; to be called after [`Lambda::close`].
    pub(crate) async fn ended(&self) {
        for pool in self.pools.values() {
            pool.ended().await;
        }
    }
}
