//! Environment variables, which the template sets.

use std::env;

/// Why a function could not start; Lambda shows it in the log of the init.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(
        "the environment variable {name} {problem}; the function's entry in infra/template.yaml should set it"
    )]
    Variable {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// `_HANDLER` names no handler of the artifact.
    #[error("there is no handler {name:?} in this artifact; it has: {known}")]
    UnknownHandler {
        /// What was asked for.
        name: String,
        /// All that there are.
        known: String,
    },
    /// Something that the service is made of could not be had.
    #[error("{what}")]
    Part {
        /// What could not be done.
        what: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The value of a variable that must be there.
pub fn required(name: &'static str) -> Result<String, StartError> {
    optional(name).ok_or(StartError::Variable { name, problem: "is not set" })
}

/// The value of a variable that may be missing or empty.
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
