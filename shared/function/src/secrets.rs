//! Secrets Manager.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_secretsmanager::{
    Client, config::Config, operation::get_secret_value::GetSecretValueError, types::SecretValueEntry,
};
use chatchat_domain::causes;
use tokio::sync::OnceCell;

/// Why a secret could not be read.
pub(crate) type SecretError = Box<dyn std::error::Error + Send + Sync>;

/// A version of a secret.
pub(crate) struct SecretValue {
    /// The id of the version, which changes with a rotation.
    pub version: String,
    /// The value.
    pub text: String,
}

/// Reads secrets.
#[derive(Clone)]
pub(crate) struct Secrets {
    client: Client,
    at_start: Arc<AtStart>,
}

/// The secrets that a process needs at its start.
struct AtStart {
    arns: Vec<String>,
    /// Those that were read together, by ARN. Each is taken once.
    values: OnceCell<Mutex<HashMap<String, SecretValue>>>,
}

impl Secrets {
    /// Reads secrets. The first read of one of the secrets `at_start` reads all of them.
    pub(crate) fn new(aws: &SdkConfig, at_start: Vec<String>) -> Self {
        let at_start = AtStart { arns: at_start, values: OnceCell::new() };
        Self { client: Client::new(aws), at_start: Arc::new(at_start) }
    }

    /// Reads the current version of a secret.
    pub(crate) async fn read(&self, arn: &str) -> Result<SecretValue, SecretError> {
        if let Some(value) = self.take_from_start(arn).await {
            return Ok(value);
        }
        let answer = self.client.get_secret_value().secret_id(arn).send().await?;
        value(answer.version_id, answer.secret_string)
    }

    /// Returns a secret of the start once. A later read of the secret must not return an old
    /// version.
    async fn take_from_start(&self, arn: &str) -> Option<SecretValue> {
        let AtStart { arns, values } = &*self.at_start;
        // A single secret needs no permission for several, and has a higher quota.
        if arns.len() < 2 || !arns.iter().any(|one| one == arn) {
            return None;
        }
        let values = values.get_or_init(async || Mutex::new(self.read_together(arns).await)).await;
        values.lock().unwrap_or_else(PoisonError::into_inner).remove(arn)
    }

    /// Reads several secrets with one request. Those that are missing in the result are read one by
    /// one afterwards: if the request failed, for example because an account may send only 100 of
    /// them per second, or if Secrets Manager could not read one of the secrets.
    async fn read_together(&self, arns: &[String]) -> HashMap<String, SecretValue> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let request = self.client.batch_get_secret_value().set_secret_id_list(Some(arns.to_vec()));
        match request.customize().config_override(once).send().await {
            Ok(answer) => {
                for error in answer.errors() {
                    let (secret, code) = (error.secret_id(), error.error_code());
                    tracing::warn!(secret, code, "a secret could not be read together with the others");
                }
                let values = answer.secret_values.unwrap_or_default().into_iter();
                values.filter_map(entry).collect()
            }
            Err(error) => {
                tracing::warn!(error = causes(&error), "the secrets could not be read together");
                HashMap::new()
            }
        }
    }

    /// Reads the version before the last rotation, or returns `None` before the first one.
    pub(crate) async fn read_previous(&self, arn: &str) -> Result<Option<SecretValue>, SecretError> {
        self.read_stage(arn, "AWSPREVIOUS", None).await
    }

    /// Reads the version that a rotation has created and not yet made current. With `version`, it
    /// must have this id.
    pub(crate) async fn read_pending(
        &self,
        arn: &str,
        version: Option<&str>,
    ) -> Result<Option<SecretValue>, SecretError> {
        self.read_stage(arn, "AWSPENDING", version).await
    }

    /// Creates the version that a rotation will make current.
    pub(crate) async fn put_pending(&self, arn: &str, version: &str, text: &str) -> Result<(), SecretError> {
        let put = self.client.put_secret_value().secret_id(arn).client_request_token(version);
        put.version_stages("AWSPENDING").secret_string(text).send().await?;
        Ok(())
    }

    /// Makes a version the current one, unless it already is.
    pub(crate) async fn make_current(&self, arn: &str, version: &str) -> Result<(), SecretError> {
        let current = self.read(arn).await?.version;
        if current != version {
            let update = self.client.update_secret_version_stage().secret_id(arn).version_stage("AWSCURRENT");
            update.move_to_version_id(version).remove_from_version_id(current).send().await?;
        }
        Ok(())
    }

    async fn read_stage(
        &self,
        arn: &str,
        stage: &str,
        version: Option<&str>,
    ) -> Result<Option<SecretValue>, SecretError> {
        let request = self.client.get_secret_value().secret_id(arn).version_stage(stage);
        match request.set_version_id(version.map(str::to_owned)).send().await {
            Ok(answer) => value(answer.version_id, answer.secret_string).map(Some),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn entry(entry: SecretValueEntry) -> Option<(String, SecretValue)> {
    Some((entry.arn?, value(entry.version_id, entry.secret_string).ok()?))
}

fn value(version: Option<String>, text: Option<String>) -> Result<SecretValue, SecretError> {
    Ok(SecretValue {
        version: version.ok_or("the secret has no version")?,
        text: text.ok_or("the secret is not a text")?,
    })
}
