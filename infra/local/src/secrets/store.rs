//! The secrets of the template with their versions, kept in a file between runs.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::generate::generate;
use crate::Database;
use crate::error::StartError;
use crate::stack::Stack;

/// A value of a secret.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) created: OffsetDateTime,
}

impl Version {
    fn new(value: String) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            value,
            created: OffsetDateTime::now_utc(),
        }
    }
}

/// A secret with the versions that carry a stage.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) current: Version,
    pub(super) previous: Option<Version>,
}

/// All secrets, by logical id.
#[derive(Debug)]
pub(crate) struct Secrets {
    by_id: Mutex<BTreeMap<String, Secret>>,
    /// Generated and rotated values, by logical id; the database's are not among them.
    kept: Mutex<BTreeMap<String, String>>,
    file: Option<PathBuf>,
}

impl Secrets {
    /// Makes the template's secrets: a value of the template, a kept one, or a generated one. The database's own secret holds its
    /// user and password.
    pub(crate) fn new(
        stack: &Stack,
        database: Option<&Database>,
        file: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let mut kept = file.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut secrets = BTreeMap::new();
        for resource in stack.template.resources()? {
            let (name, value) = match resource.kind {
                "AWS::SecretsManager::Secret" => {
                    let properties = stack.resolve(resource.properties)?;
                    let name = properties["Name"].as_str().unwrap_or(resource.id).to_owned();
                    let value = match (&properties["SecretString"], &properties["GenerateSecretString"]) {
                        (Value::String(value), _) => value.clone(),
                        (_, Value::Null) => continue,
                        (_, rules) => match kept.get(resource.id) {
                            Some(value) => value.clone(),
                            None => generate(rules).map_err(|problem| {
                                StartError::Unusable(format!("Resources.{}: {problem}", resource.id))
                            })?,
                        },
                    };
                    kept.insert(resource.id.to_owned(), value.clone());
                    (name, value)
                }
                "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" => match database {
                    Some(database) => (
                        format!("rds!{}", resource.id),
                        json!({ "username": database.user, "password": database.password }).to_string(),
                    ),
                    None => continue,
                },
                _ => continue,
            };
            let secret = Secret {
                arn: stack.secret_arn(resource.id),
                name,
                current: Version::new(value),
                previous: None,
            };
            secrets.insert(resource.id.to_owned(), secret);
        }
        let this = Self {
            by_id: Mutex::new(secrets),
            kept: Mutex::new(kept),
            file,
        };
        this.write()?;
        Ok(this)
    }

    /// Makes `value` the current version and the current version the previous one; false when there is no such secret.
    pub(crate) fn rotate(&self, logical: &str, value: &str) -> Result<bool, StartError> {
        let mut secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(secret) = secrets.get_mut(logical) else {
            return Ok(false);
        };
        let before = std::mem::replace(&mut secret.current, Version::new(value.to_owned()));
        secret.previous = Some(before);
        drop(secrets);
        if let Some(kept) = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(logical)
        {
            value.clone_into(kept);
        }
        self.write()?;
        Ok(true)
    }

    /// Finds a secret by ARN or name.
    pub(super) fn find(&self, id: &str) -> Option<Secret> {
        let secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        secrets
            .values()
            .find(|secret| secret.arn == id || secret.name == id)
            .cloned()
    }

    fn write(&self) -> Result<(), StartError> {
        let Some(file) = &self.file else { return Ok(()) };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return Ok(());
        }
        let failed = || StartError::io(format!("the secrets file {}", file.display()));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed())?;
        }
        let text = serde_json::to_string_pretty(&*kept).map_err(|error| failed()(error.into()))?;
        let open = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(file);
        open.and_then(|mut open| open.write_all(text.as_bytes()))
            .map_err(failed())
    }
}

fn read(file: &Path) -> Result<BTreeMap<String, String>, StartError> {
    let failed = || StartError::io(format!("the secrets file {}", file.display()));
    match std::fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed()(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(failed()(error)),
    }
}
