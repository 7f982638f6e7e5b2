//! The Lambda service: functions by logical id, and calls to them.

mod error;
mod pool;
mod process;
mod runtime_api;
mod slot;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

pub use error::InvokeError;
pub use slot::{Environment, EnvironmentState};

use crate::log::Log;
use pool::Pool;
pub(crate) use process::Output;

/// A function, ready to run.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) program: PathBuf,
    /// The whole environment of its processes but for the address of the Runtime API.
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
    pub(crate) fn new(functions: Vec<Function>, output: &Output, log: &Log) -> Self {
        let pools = functions.into_iter().map(|function| {
            let id = function.id.clone();
            (id, Arc::new(Pool::new(function, output.clone(), log.clone())))
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
