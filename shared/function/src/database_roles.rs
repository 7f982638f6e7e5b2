//! The two roles of the database, with their secrets: the role of the functions, and the owner,
//! which only migrates.

use chatchat_store::{Credentials, CredentialsVersion, Database, Store};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Error, StartError,
    secrets::{SecretError, SecretValue, Secrets},
};

/// The secret of a role, and the database in which the role exists.
#[derive(Clone)]
pub struct RoleSecret {
    database: Database,
    secrets: Secrets,
    arn: String,
}

/// The text of a secret, as RDS writes its own.
#[derive(Deserialize)]
struct RoleText {
    username: String,
    password: String,
}

fn parse(secret: &SecretValue) -> Result<Credentials, SecretError> {
    let RoleText { username: user, password } = serde_json::from_str(&secret.text)?;
    Ok(Credentials { user, password })
}

impl RoleSecret {
    pub(crate) fn new(database: Database, secrets: Secrets, arn: String) -> Self {
        Self { database, secrets, arn }
    }

    /// The secret's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// A store that connects as the role, and reads the secret again when the database rejects the
    /// password.
    pub(crate) async fn store(&self) -> Result<Store, StartError> {
        let this = self.clone();
        let source = Box::new(move |version| {
            let this = this.clone();
            Box::pin(async move {
                match version {
                    CredentialsVersion::Current => this.secrets.read(&this.arn).await.map(Some),
                    CredentialsVersion::Pending => this.secrets.read_pending(&this.arn, None).await,
                }?
                .as_ref()
                .map(parse)
                .transpose()
            }) as _
        });
        Store::open(&self.database, source)
            .await
            .map_err(|cause| StartError::Part { what: "the database cannot be configured", cause })
    }

    /// A store that connects only with these credentials.
    pub async fn store_with(&self, credentials: Credentials) -> Result<Store, Error> {
        let source = Box::new(move |version| {
            let given = (version == CredentialsVersion::Current).then(|| credentials.clone());
            Box::pin(async move { Ok(given) }) as _
        });
        Store::open(&self.database, source).await.map_err(Error::internal)
    }

    /// The credentials in use.
    pub async fn current(&self) -> Result<Credentials, Error> {
        let secret = self.secrets.read(&self.arn).await.map_err(Error::internal)?;
        parse(&secret).map_err(Error::internal)
    }

    /// The credentials that a rotation has created, or `None` if it has not done so yet. `version`
    /// is the id that Secrets Manager gave to the rotation.
    pub async fn pending(&self, version: &str) -> Result<Option<Credentials>, Error> {
        let secret = self.secrets.read_pending(&self.arn, Some(version)).await.map_err(Error::internal)?;
        secret.as_ref().map(parse).transpose().map_err(Error::internal)
    }

    /// Stores the credentials that a rotation has created.
    pub async fn put_pending(&self, version: &str, credentials: &Credentials) -> Result<(), Error> {
        let text = json!({ "username": credentials.user, "password": credentials.password }).to_string();
        self.secrets.put_pending(&self.arn, version, &text).await.map_err(Error::internal)
    }

    /// Makes the credentials of a rotation the current ones.
    pub async fn make_current(&self, version: &str) -> Result<(), Error> {
        self.secrets.make_current(&self.arn, version).await.map_err(Error::internal)
    }
}

/// The owner of the database, for the function that migrates.
pub struct Owner {
    /// The database, as its owner.
    pub store: Store,
    /// The secret of the functions' role; `None` in a stack of a version in which all functions
    /// were the owner, whose update calls this function before the template is deployed.
    role: Option<RoleSecret>,
}

impl Owner {
    pub(crate) fn new(store: Store, role: Option<RoleSecret>) -> Self {
        Self { store, role }
    }

    /// Creates the functions' role if it does not exist, and sets its privileges. Sets its password
    /// only if the role cannot log in, because a rotation may be in progress.
    pub async fn set_up_role(&self) -> Result<(), Error> {
        let Some(secret) = &self.role else { return Ok(()) };
        let role = secret.current().await?;
        let logs_in = secret.store().await.map_err(Error::internal)?.ping().await.is_ok();
        let password = (!logs_in).then_some(role.password.as_str());
        Ok(self.store.set_up_role(&role.user, password).await?)
    }
}
