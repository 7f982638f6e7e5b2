//! Secrets Manager.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{
    Client,
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};

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
pub(crate) struct Secrets(Client);

impl Secrets {
    pub(crate) fn new(aws: &SdkConfig) -> Self {
        Self(Client::new(aws))
    }

    /// Reads the current version of a secret.
    pub(crate) async fn read(&self, arn: &str) -> Result<SecretValue, SecretError> {
        Self::value(self.0.get_secret_value().secret_id(arn).send().await?)
    }

    /// Reads the version before the last rotation, or returns `None` before the first one.
    pub(crate) async fn read_previous(&self, arn: &str) -> Result<Option<SecretValue>, SecretError> {
        match self.0.get_secret_value().secret_id(arn).version_stage("AWSPREVIOUS").send().await {
            Ok(answer) => Self::value(answer).map(Some),
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

    fn value(answer: GetSecretValueOutput) -> Result<SecretValue, SecretError> {
        Ok(SecretValue {
            version: answer.version_id.ok_or("the secret has no version")?,
            text: answer.secret_string.ok_or("the secret is not a text")?,
        })
    }
}
