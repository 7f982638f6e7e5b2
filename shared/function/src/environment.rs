//! Environment variables, which the template sets.

use std::env;

/// Why a function could not start. It is in the log of the init phase.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or invalid.
    #[error(
        "the environment variable {name} {problem}; the function's entry in infra/template.yaml should set it"
    )]
    Variable {
        /// The variable.
        name: &'static str,
        /// Why it is rejected.
        problem: &'static str,
    },
    /// `_HANDLER` does not name a handler of the artifact.
    #[error("there is no handler {name:?} in this artifact; it has: {known}")]
    UnknownHandler {
        /// The value of `_HANDLER`.
        name: String,
        /// The handlers of the artifact.
        known: String,
    },
    /// A resource could not be loaded.
    #[error("{what}")]
    Part {
        /// What failed.
        what: &'static str,
        /// The cause.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Returns the value of a variable. Fails if it is missing or empty.
pub fn required(name: &'static str) -> Result<String, StartError> {
    optional(name).ok_or(StartError::Variable { name, problem: "is not set" })
}

/// Returns the value of a variable, or `None` if it is missing or empty.
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
