//! What every service has: the store, the signing keys, the AWS clients' configuration.

use aws_config::{BehaviorVersion, SdkConfig};
use chatchat_auth::{Claims, Secret, Successors, TokenError};
use chatchat_store::{Credentials, Database, Store};
use serde::Deserialize;

use crate::{
    Error, StartError, optional,
    request::Authorization,
    required,
    secrets::{SecretError, Secrets},
    tokens::Tokens,
    viewer::Viewers,
};

/// The parts that all functions share. An artifact's own service holds one.
pub struct Core {
    /// Every statement.
    pub store: Store,
    /// For more clients.
    pub aws: SdkConfig,
    tokens: Option<Tokens>,
    /// What is known about viewers.
    pub viewers: Viewers,
}

/// A secret of RDS, as RDS writes it.
#[derive(Deserialize)]
struct DatabaseSecret {
    username: String,
    password: String,
}

impl Core {
    /// Reads the configuration and the secrets, and opens the database. A function whose environment has no
    /// `TOKEN_SECRET_ARN` may not read the signing keys and accepts no token.
    pub async fn start() -> Result<Self, StartError> {
        let port = required("DATABASE_PORT")?
            .parse()
            .map_err(|_| StartError::Variable { name: "DATABASE_PORT", problem: "is not a port" })?;
        let database = Database { host: required("DATABASE_HOST")?, port, name: required("DATABASE_NAME")? };
        let database_secret = required("DATABASE_SECRET_ARN")?;
        let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let secrets = Secrets::new(&aws);

        let read_tokens = async {
            let Some(arn) = optional("TOKEN_SECRET_ARN") else { return Ok(None) };
            let tokens = Tokens::read(secrets.clone(), arn).await;
            tokens
                .map(Some)
                .map_err(|cause| StartError::Part { what: "the signing key cannot be read", cause })
        };
        let open_store = async {
            let secrets = secrets.clone();
            let source = Box::new(move || {
                let (secrets, arn) = (secrets.clone(), database_secret.clone());
                Box::pin(async move { credentials(&secrets, &arn).await }) as _
            });
            Store::open(&database, source)
                .await
                .map_err(|cause| StartError::Part { what: "the database cannot be configured", cause })
        };
        let (tokens, store) = tokio::try_join!(read_tokens, open_store)?;
        Ok(Self { store, aws, tokens, viewers: Viewers::from_environment() })
    }

    /// Signs an access token that is valid for that many seconds.
    pub async fn sign(&self, claims: &Claims, seconds: i64) -> Result<String, Error> {
        let tokens =
            self.tokens.as_ref().ok_or_else(|| Error::internal("this function has no signing key"))?;
        tokens.sign(claims, seconds).await.map_err(Error::internal)
    }

    /// The refresh tokens that can follow one.
    pub async fn successors(&self, refresh: &Secret) -> Result<Successors, Error> {
        let tokens =
            self.tokens.as_ref().ok_or_else(|| Error::internal("this function has no signing key"))?;
        Ok(tokens.successors(refresh).await)
    }

    /// Seals bytes for one purpose: a text that its client can read, and neither make nor change.
    pub async fn seal(&self, purpose: &str, bytes: &[u8]) -> Result<String, Error> {
        let tokens =
            self.tokens.as_ref().ok_or_else(|| Error::internal("this function has no signing key"))?;
        Ok(tokens.seal(purpose, bytes).await)
    }

    /// The bytes of a text that was sealed for this purpose; `None` for any other text.
    pub async fn unseal(&self, purpose: &str, text: &str) -> Result<Option<Vec<u8>>, Error> {
        let tokens =
            self.tokens.as_ref().ok_or_else(|| Error::internal("this function has no signing key"))?;
        Ok(tokens.unseal(purpose, text).await)
    }

    /// Reads the signing keys again, at most once a minute.
    pub async fn read_keys_again(&self) {
        if let Some(tokens) = &self.tokens {
            tokens.look_again().await;
        }
    }

    /// What a bearer token proves.
    pub(crate) async fn authorize(&self, bearer: Option<&str>) -> Authorization {
        match (bearer, &self.tokens) {
            (None, _) => Authorization::Absent,
            (Some(_), None) => Authorization::Refused,
            (Some(token), Some(tokens)) => match tokens.verify(token).await {
                Ok(claims) => Authorization::Verified(claims),
                Err(TokenError::UnknownKey | TokenError::Invalid(_)) => Authorization::Refused,
            },
        }
    }
}

/// What the handlers of an artifact work with: a [`Core`], or something around one.
pub trait Serve: Sync {
    /// The parts that all functions share.
    fn core(&self) -> &Core;

    /// The milliseconds spent on pushing since this was last asked, where there is something that pushes.
    fn push_ms(&self) -> Option<f64> {
        None
    }
}

impl Serve for Core {
    fn core(&self) -> &Core {
        self
    }
}

async fn credentials(secrets: &Secrets, arn: &str) -> Result<Credentials, SecretError> {
    let secret: DatabaseSecret = serde_json::from_str(&secrets.read(arn).await?.text)?;
    Ok(Credentials { user: secret.username, password: secret.password })
}
