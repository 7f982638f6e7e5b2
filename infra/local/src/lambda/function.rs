//! The configuration of a function.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// A function, ready to run.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) program: PathBuf,
    /// The environment variables that all its processes share. Each process also gets the address
    /// of its Runtime API and its session token.
    pub(crate) variables: BTreeMap<String, String>,
    /// How long a call may take.
    pub(crate) timeout: Duration,
    /// How long a process may take until it asks for its first event.
    pub(crate) init_limit: Duration,
    /// The maximum number of calls, and so of processes, at the same time.
    pub(crate) environments: usize,
    /// The maximum size of an event, in bytes.
    pub(crate) event_limit: usize,
    /// The maximum size of a response, in bytes.
    pub(crate) answer_limit: usize,
}
