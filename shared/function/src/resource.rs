//! What handlers work with, and how it is loaded when a process starts.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use chatchat_delivery::Delivery;
use chatchat_store::{Database, Store};
use tokio::{sync::OnceCell, try_join};

use crate::{
    Owner, RoleSecret, SigningKeys, StartError, Viewers, aws, environment::optional, required,
    secrets::Secrets,
};

/// A part of the configuration that some functions have and others do not: environment variables,
/// and the permission to use what they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `DATABASE_HOST`, `DATABASE_PORT`, `DATABASE_NAME`, and the secret that `DATABASE_SECRET_ARN`
    /// names: the functions' role.
    Database,
    /// The owner of the database: the secret that `DATABASE_OWNER_SECRET_ARN` names.
    DatabaseOwner,
    /// The permission to change the secret of the functions' role.
    Rotation,
    /// The secret that `TOKEN_SECRET_ARN` names.
    SigningKeys,
    /// The secret that `PSEUDONYM_SECRET_ARN` names.
    PseudonymKey,
    /// The management API of the WebSocket API, at `WEBSOCKET_MANAGEMENT_URL`.
    Connections,
    /// Writing to the bucket that `PICTURES_BUCKET` names.
    PictureUploads,
    /// Deleting from the bucket that `PICTURES_BUCKET` names.
    PictureDeletions,
}

impl Need {
    /// As `--describe` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::DatabaseOwner => "databaseOwner",
            Self::Rotation => "rotation",
            Self::SigningKeys => "signingKeys",
            Self::PseudonymKey => "pseudonymKey",
            Self::Connections => "connections",
            Self::PictureUploads => "pictureUploads",
            Self::PictureDeletions => "pictureDeletions",
        }
    }

    /// The variable that names the secret of this need, if it is read when the process starts.
    ///
    /// The owner's secret is read separately. A deployment first calls the new `Migrate` with the
    /// permissions of the release before.
    fn secret_at_start(self) -> Option<&'static str> {
        match self {
            Self::Database => Some("DATABASE_SECRET_ARN"),
            Self::SigningKeys => Some("TOKEN_SECRET_ARN"),
            Self::PseudonymKey => Some("PSEUDONYM_SECRET_ARN"),
            _ => None,
        }
    }
}

/// What a handler works with: the store, the delivery, or a pair such as the store and the signing
/// keys. The type in a handler's signature is its only way to the outside, so a handler has exactly
/// what its [needs](Self::needs) load.
pub trait Resource: Send + Sync + Sized + 'static {
    /// What has to be configured for it.
    fn needs() -> Vec<Need>;

    /// Loads it.
    ///
    /// # Errors
    /// When a variable is missing or a secret cannot be read.
    fn load(loader: &Loader) -> impl Future<Output = Result<Self, StartError>>;

    /// The store, if this is or has one.
    fn store(&self) -> Option<&Store> {
        None
    }

    /// The milliseconds spent on pushing since the last call, if this can push.
    fn take_push_ms(&self) -> Option<f64> {
        None
    }
}

/// For handlers that need nothing.
impl Resource for () {
    fn needs() -> Vec<Need> {
        Vec::new()
    }

    async fn load(_: &Loader) -> Result<Self, StartError> {
        Ok(())
    }
}

impl Resource for Store {
    fn needs() -> Vec<Need> {
        vec![Need::Database]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        RoleSecret::load(loader).await?.store().await
    }

    fn store(&self) -> Option<&Store> {
        Some(self)
    }
}

/// For the function that rotates the password of the functions' role.
impl Resource for RoleSecret {
    fn needs() -> Vec<Need> {
        vec![Need::Database, Need::Rotation]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        role_secret(loader, "DATABASE_SECRET_ARN").await
    }
}

/// For the function that migrates. Before the update of a stack in which all functions were the
/// owner, `DATABASE_OWNER_SECRET_ARN` is not set, and `DATABASE_SECRET_ARN` is the owner's.
impl Resource for Owner {
    fn needs() -> Vec<Need> {
        vec![Need::Database, Need::DatabaseOwner]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        let role = RoleSecret::load(loader).await?;
        if optional("DATABASE_OWNER_SECRET_ARN").is_none() {
            return Ok(Self::new(role.store().await?, None));
        }
        let owner = role_secret(loader, "DATABASE_OWNER_SECRET_ARN").await?;
        Ok(Self::new(owner.store().await?, Some(role)))
    }
}

async fn role_secret(loader: &Loader, variable: &'static str) -> Result<RoleSecret, StartError> {
    let port = required("DATABASE_PORT")?
        .parse()
        .map_err(|_| StartError::Variable { name: "DATABASE_PORT", problem: "is not a port" })?;
    let database = Database { host: required("DATABASE_HOST")?, port, name: required("DATABASE_NAME")? };
    let arn = required(variable)?;
    Ok(RoleSecret::new(database, loader.secrets().await.clone(), arn))
}

impl Resource for Delivery {
    fn needs() -> Vec<Need> {
        vec![Need::Database, Need::Connections]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        let endpoint = required("WEBSOCKET_MANAGEMENT_URL")?;
        let store = Store::load(loader).await?;
        Ok(Self::new(store, loader.aws().await, &endpoint))
    }

    fn store(&self) -> Option<&Store> {
        Some(&self.store)
    }

    fn take_push_ms(&self) -> Option<f64> {
        Some(self.connections.take_elapsed_ms())
    }
}

impl Resource for SigningKeys {
    fn needs() -> Vec<Need> {
        vec![Need::SigningKeys]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        loader.signing_keys().await.cloned()
    }
}

impl Resource for Viewers {
    fn needs() -> Vec<Need> {
        Vec::new()
    }

    async fn load(_: &Loader) -> Result<Self, StartError> {
        Ok(Self::from_environment())
    }
}

/// Two resources, loaded at the same time.
impl<A: Resource, B: Resource> Resource for (A, B) {
    fn needs() -> Vec<Need> {
        [A::needs(), B::needs()].concat()
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        try_join!(A::load(loader), B::load(loader))
    }

    fn store(&self) -> Option<&Store> {
        self.0.store().or_else(|| self.1.store())
    }

    fn take_push_ms(&self) -> Option<f64> {
        self.0.take_push_ms().or_else(|| self.1.take_push_ms())
    }
}

/// Loads the resources of one process. What several of them use is loaded once.
pub struct Loader {
    needs: Vec<Need>,
    aws: OnceCell<SdkConfig>,
    secrets: OnceCell<Secrets>,
    signing_keys: OnceCell<SigningKeys>,
}

impl Loader {
    /// Loads resources with these needs.
    pub(crate) fn new(needs: Vec<Need>) -> Self {
        Self { needs, aws: OnceCell::new(), secrets: OnceCell::new(), signing_keys: OnceCell::new() }
    }

    /// The configuration of AWS clients.
    pub async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(aws::config).await
    }

    pub(crate) async fn secrets(&self) -> &Secrets {
        let new = || async {
            let variables: BTreeSet<_> =
                self.needs.iter().filter_map(|need| need.secret_at_start()).collect();
            Secrets::new(self.aws().await, variables.into_iter().filter_map(optional).collect())
        };
        self.secrets.get_or_init(new).await
    }

    pub(crate) async fn signing_keys(&self) -> Result<&SigningKeys, StartError> {
        let read = || async {
            let arn = required("TOKEN_SECRET_ARN")?;
            SigningKeys::read(self.secrets().await.clone(), arn)
                .await
                .map_err(|cause| StartError::Part { what: "the signing key cannot be read", cause })
        };
        self.signing_keys.get_or_try_init(read).await
    }
}
