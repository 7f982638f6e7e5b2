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
        let put = self.0.put_secret_value().secret_id(arn).client_request_token(version);
        put.version_stages("AWSPENDING").secret_string(text).send().await?;
        Ok(())
    }

    /// Makes a version the current one, unless it already is.
    pub(crate) async fn make_current(&self, arn: &str, version: &str) -> Result<(), SecretError> {
        let current = self.read(arn).await?.version;
        if current != version {
            let update = self.0.update_secret_version_stage().secret_id(arn).version_stage("AWSCURRENT");
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
        let request = self.0.get_secret_value().secret_id(arn).version_stage(stage);
        match request.set_version_id(version.map(str::to_owned)).send().await {
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
