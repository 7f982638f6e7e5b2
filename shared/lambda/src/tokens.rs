//! The signing keys: read at the start, and again when a token names a key that is not known.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use chatchat_auth::{Claims, Key, Keys, TokenError};
use time::OffsetDateTime;
use tokio::sync::{Mutex, RwLock};

use crate::secrets::{Secret, SecretError, Secrets};

/// How often an unknown key makes us look, at most; forged tokens cost nothing in between.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How long keys are signed with before they are read again.
const SIGN_WITH: Duration = Duration::from_mins(5);

/// Signs and verifies access tokens.
pub(crate) struct Tokens {
    keys: RwLock<Keys>,
    looked: Mutex<Option<Instant>>,
    /// When the keys were last read.
    read: RwLock<Instant>,
    secrets: Secrets,
    arn: String,
}

impl Tokens {
    pub(crate) async fn read(secrets: Secrets, arn: String) -> Result<Self, SecretError> {
        let (current, previous) = read_keys(&secrets, &arn).await?;
        let keys = Keys::new(current, previous);
        Ok(Self {
            keys: RwLock::new(keys),
            looked: Mutex::new(None),
            read: RwLock::new(Instant::now()),
            secrets,
            arn,
        })
    }

    pub(crate) async fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        // A process that only signs meets no unknown key; it must not go on with a key that is two rotations old.
        if self.read.read().await.elapsed() > SIGN_WITH {
            self.look_again().await;
        }
        self.keys.read().await.sign(claims, OffsetDateTime::now_utc())
    }

    pub(crate) async fn successors(&self, refresh: &chatchat_auth::Secret) -> Vec<chatchat_auth::Secret> {
        self.keys.read().await.successors(refresh)
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let now = OffsetDateTime::now_utc();
        let verified = self.keys.read().await.verify(token, now);
        if matches!(verified, Err(TokenError::UnknownKey)) && self.look_again().await {
            return self.keys.read().await.verify(token, now);
        }
        verified
    }

    /// Reads the keys again. Gives whether there is a new one.
    pub(crate) async fn look_again(&self) -> bool {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return false;
        }
        *looked = Some(Instant::now());
        match read_keys(&self.secrets, &self.arn).await {
            Ok((current, previous)) => {
                *self.read.write().await = Instant::now();
                self.keys.write().await.replace(current, previous)
            }
            Err(error) => {
                tracing::error!(error = &*error as &dyn Error, "the signing key could not be read again");
                false
            }
        }
    }
}

/// The current key and, after a rotation, the previous one. The secret's text is the key, and its version is the key's id.
async fn read_keys(secrets: &Secrets, arn: &str) -> Result<(Key, Option<Key>), SecretError> {
    let key = |secret: Secret| {
        Key::new(&secret.version, secret.text.as_bytes()).ok_or("the signing key has less than 256 bits")
    };
    let (current, previous) = tokio::try_join!(secrets.read(arn), secrets.read_previous(arn))?;
    Ok((key(current)?, previous.map(key).transpose()?))
}
