//! The handlers of an artifact and the resources that they need, as the artifact describes them.

use std::{path::Path, process::Command};

use chatchat_local::program;
use serde_json::Value;

use crate::Failure;

/// A handler of an artifact.
#[derive(Debug)]
pub struct DescribedHandler {
    /// The template's `Handler` property.
    pub name: String,
    /// Who calls it, such as `customer` or `public`.
    pub caller: String,
    /// The resources that the handler needs, such as `database` and `signingKeys`.
    pub needs: Vec<String>,
}

/// Runs an artifact in the folder `programs` with `--describe`, and returns its handlers.
///
/// # Errors
/// If the program fails or does not print JSON.
pub fn describe(programs: &Path, artifact: &str) -> Result<Vec<DescribedHandler>, Failure> {
    let output = Command::new(program(programs, artifact)).arg("--describe").output()?;
    if !output.status.success() {
        return Err(format!("`{artifact} --describe` failed with {}", output.status).into());
    }
    let described: Value = serde_json::from_slice(&output.stdout)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let handlers = described.as_array().into_iter().flatten();
    Ok(handlers
        .map(|handler| DescribedHandler {
            name: text(&handler["handler"]),
            caller: text(&handler["caller"]),
            needs: handler["needs"].as_array().into_iter().flatten().map(text).collect(),
        })
        .collect())
}
