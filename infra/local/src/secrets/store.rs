//! The secrets of the template and their versions. A file keeps them between runs.

use std::{
    collections::BTreeMap,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::generate::generate;
use crate::{Database, error::StartError, stack::Stack};

/// A version of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    #[serde(with = "time::serde::timestamp")]
    pub(super) created: OffsetDateTime,
}

/// The versions of a secret with the labels `AWSCURRENT`, `AWSPREVIOUS` and `AWSPENDING`. The file
/// keeps them with their ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Versions {
    pub(super) current: Version,
    pub(super) previous: Option<Version>,
    #[serde(default)]
    pub(super) pending: Option<Version>,
}

impl Version {
    fn new(value: String) -> Self {
        Self { id: Uuid::new_v4().to_string(), value, created: OffsetDateTime::now_utc() }
    }
}

impl Versions {
    /// Makes a version the current one, and the current one the previous one.
    fn advance(&mut self, version: Version) {
        self.previous = Some(std::mem::replace(&mut self.current, version));
    }

    fn new(value: String) -> Self {
        Self { current: Version::new(value), previous: None, pending: None }
    }
}

/// A secret.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) versions: Versions,
    /// Whether the file contains it. The file does not contain the database's secret.
    kept: bool,
}

/// All secrets, by logical id.
#[derive(Debug)]
pub(crate) struct Secrets {
    by_id: Mutex<BTreeMap<String, Secret>>,
    file: Option<PathBuf>,
}

impl Secrets {
    /// Creates the template's secrets. A secret's value comes from the file, from the template, or
    /// from the generator. The database's secret contains its user and password.
    pub(crate) fn new(
        stack: &Stack,
        database: Option<&Database>,
        file: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let mut known = file.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut secrets = BTreeMap::new();
        for stack_ref in stack.all() {
            for resource in stack_ref.template.resources()? {
                let (name, versions, kept) = match resource.kind {
                    "AWS::SecretsManager::Secret" => {
                        let properties = stack_ref.resolve(resource.properties)?;
                        let name = properties["Name"].as_str().unwrap_or(resource.id).to_owned();
                        let versions = match (
                            known.remove(resource.id),
                            &properties["SecretString"],
                            &properties["GenerateSecretString"],
                        ) {
                            (Some(versions), ..) => versions,
                            (None, Value::String(value), _) => Versions::new(value.clone()),
                            (None, _, Value::Null) => continue,
                            (None, _, rules) => Versions::new(generate(rules).map_err(|problem| {
                                StartError::Unusable(format!("Resources.{}: {problem}", resource.id))
                            })?),
                        };
                        (name, versions, true)
                    }
                    "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" => match database {
                        Some(database) => (
                            format!("rds!{}", resource.id),
                            Versions::new(
                                json!({ "username": database.user, "password": database.password })
                                    .to_string(),
                            ),
                            false,
                        ),
                        None => continue,
                    },
                    _ => continue,
                };
                let secret = Secret { arn: stack.secret_arn(resource.id), name, versions, kept };
                secrets.insert(resource.id.to_owned(), secret);
            }
        }
        let this = Self { by_id: Mutex::new(secrets), file };
        this.write()?;
        Ok(this)
    }

    /// Makes `value` the current version and the current version the previous one. Returns false if
    /// the secret does not exist.
    pub(crate) fn rotate(&self, logical: &str, value: &str) -> Result<bool, StartError> {
        let mut secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(secret) = secrets.get_mut(logical) else {
            return Ok(false);
        };
        secret.versions.advance(Version::new(value.to_owned()));
        drop(secrets);
        self.write()?;
        Ok(true)
    }

    /// Creates the pending version. Returns false if the secret does not exist.
    pub(super) fn put_pending(&self, id: &str, version: &str, value: &str) -> Result<bool, StartError> {
        self.change(id, |versions| {
            versions.pending = Some(Version { id: version.to_owned(), ..Version::new(value.to_owned()) });
            true
        })
    }

    /// Makes the pending version the current one. Returns false if the secret does not exist or has
    /// no pending version with this id.
    pub(super) fn make_current(&self, id: &str, version: &str) -> Result<bool, StartError> {
        self.change(id, |versions| {
            let pending = versions.pending.take_if(|pending| pending.id == version);
            pending.map(|pending| versions.advance(pending)).is_some()
        })
    }

    /// Changes a secret that is given by its ARN or name.
    fn change(&self, id: &str, change: impl FnOnce(&mut Versions) -> bool) -> Result<bool, StartError> {
        let mut secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.values_mut().find(|secret| secret.arn == id || secret.name == id);
        let changed = secret.is_some_and(|secret| change(&mut secret.versions));
        drop(secrets);
        self.write()?;
        Ok(changed)
    }

    /// Finds a secret by ARN or name.
    pub(super) fn find(&self, id: &str) -> Option<Secret> {
        let secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.values().find(|secret| secret.arn == id || secret.name == id).cloned()
    }

    fn write(&self) -> Result<(), StartError> {
        let Some(file) = &self.file else { return Ok(()) };
        let secrets = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: BTreeMap<&String, &Versions> = secrets
            .iter()
            .filter(|(_, secret)| secret.kept)
            .map(|(id, secret)| (id, &secret.versions))
            .collect();
        if kept.is_empty() {
            return Ok(());
        }
        let failed = || StartError::io(format!("the secrets file {}", file.display()));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed())?;
        }
        let text = serde_json::to_string_pretty(&kept).map_err(|error| failed()(error.into()))?;
        // A rename replaces the old file at once, so that the file is complete even if this process
        // is killed.
        let fresh = file.with_extension("new");
        _ = std::fs::remove_file(&fresh);
        std::fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)
            .and_then(|mut open| open.write_all(text.as_bytes()))
            .and_then(|()| std::fs::rename(&fresh, file))
            .map_err(failed())
    }
}

fn read(file: &Path) -> Result<BTreeMap<String, Versions>, StartError> {
    let failed = || StartError::io(format!("the secrets file {}", file.display()));
    match std::fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed()(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(failed()(error)),
    }
}
