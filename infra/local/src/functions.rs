//! The template's functions as Lambda runs them: programs, limits and environment variables.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{error::StartError, lambda::Function, settings::Settings, stack::Stack};

/// The secret of the functions' access key. Only S3 verifies signatures here.
pub(crate) const SECRET_KEY: &str = "local";

/// The environment variables that Lambda sets for every function.
pub(crate) fn aws_variables(region: &str, access_key: &str) -> BTreeMap<String, String> {
    [
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", access_key),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The program of an artifact in a folder, where cargo or cargo-lambda writes it.
pub fn program(folder: &Path, artifact: &str) -> PathBuf {
    let path = folder.join(artifact);
    if path.is_dir() { path.join("bootstrap") } else { path }
}

/// Returns the functions of the template, with the environment variables of their processes.
pub(crate) fn declared(
    stack: &Stack,
    artifacts: &Path,
    settings: &Settings,
    shared: &BTreeMap<String, String>,
) -> Result<Vec<Function>, StartError> {
    let artifacts =
        std::path::absolute(artifacts).map_err(StartError::io(artifacts.display().to_string()))?;
    let mut declared = Vec::new();
    for function in stack.template.functions()? {
        if function.condition.as_deref().map_or(Ok(true), |name| stack.template.holds(name, stack))? {
            declared.push(function);
        }
    }
    let mut missing: Vec<PathBuf> = declared
        .iter()
        .map(|function| program(&artifacts, &function.artifact))
        .filter(|program| !program.is_file())
        .collect();
    missing.sort();
    missing.dedup();
    if !missing.is_empty() {
        return Err(StartError::NotBuilt(missing));
    }
    let make = |function: chatchat_template::Function| {
        let mut variables = shared.clone();
        for (name, value) in &function.environment {
            if let Some(text) = stack.text(&format!("Resources.{}.Environment.{name}", function.id), value)? {
                variables.insert(name.clone(), text);
            }
        }
        variables.extend(
            [
                ("_HANDLER", function.handler.clone()),
                ("AWS_LAMBDA_FUNCTION_NAME", function.id.clone()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.id)),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
                ("LAMBDA_TASK_ROOT", artifacts.display().to_string()),
                ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let reserved =
            function.reserved_concurrency.as_ref().map(|value| stack.resolve(value)).transpose()?;
        let reserved = reserved.as_ref().and_then(crate::number).unwrap_or(usize::MAX);
        Ok(Function {
            arn: stack.function_arn(&function.id),
            program: program(&artifacts, &function.artifact),
            variables,
            timeout: Duration::from_secs(function.timeout),
            init_limit: settings.init_limit,
            environments: settings.environments.min(reserved),
            event_limit: settings.event_limit,
            answer_limit: settings.answer_limit,
            id: function.id,
        })
    };
    declared.into_iter().map(make).collect()
}
