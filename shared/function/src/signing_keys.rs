//! The signing keys of access tokens. The current key is read when the process starts. Both keys are
//! read when a token names an unknown key, and when they are old.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chatchat_domain::causes;
use chatchat_tokens::{Claims, Key, Keys, Secret, Successors, TokenError};
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Error,
    secrets::{SecretError, SecretValue, Secrets},
};

/// The shortest time between two reads of the secret, so that forged tokens cannot cause more.
const MIN_READ_INTERVAL: Duration = Duration::from_mins(1);

/// The age at which the keys are read again: the lifetime of an access token. Without it, a process
/// that meets no unknown key would accept a key for ever after a rotation removed it.
const MAX_AGE: Duration = Duration::from_mins(30);

/// Signs and verifies access tokens, and derives refresh tokens and seals from the same keys.
#[derive(Clone)]
pub struct SigningKeys {
    cached: Arc<Mutex<Cached>>,
    secrets: Secrets,
    arn: String,
}

struct Cached {
    keys: Keys,
    read_at: Instant,
    /// The last attempt to read them again.
    attempted_at: Option<Instant>,
}

impl SigningKeys {
    pub(crate) async fn read(secrets: Secrets, arn: String) -> Result<Self, SecretError> {
        // Few processes meet a token of the previous key.
        let keys = Keys::new(key(&secrets.read(&arn).await?)?, None);
        let cached = Cached { keys, read_at: Instant::now(), attempted_at: None };
        Ok(Self { cached: Arc::new(Mutex::new(cached)), secrets, arn })
    }

    /// Signs an access token that is valid for `seconds`.
    pub async fn sign(&self, claims: &Claims, seconds: i64) -> Result<String, Error> {
        self.cached().await.keys.sign(claims, OffsetDateTime::now_utc(), seconds).map_err(Error::internal)
    }

    /// Returns the refresh tokens that can follow one.
    pub async fn successors(&self, refresh: &Secret) -> Successors {
        self.cached().await.keys.successors(refresh)
    }

    /// Seals bytes for one purpose. Clients can read the returned text, but cannot make or change
    /// one.
    pub async fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        self.cached().await.keys.seal(purpose, bytes)
    }

    /// Returns the bytes of a text that was sealed for this purpose, or `None` for any other text.
    pub async fn unseal(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let mut cached = self.cached().await;
        let unsealed = cached.keys.unseal(purpose, text);
        // Another process may have sealed it with a newer key.
        if unsealed.is_none() && self.read_again(&mut cached).await {
            return cached.keys.unseal(purpose, text);
        }
        unsealed
    }

    /// Returns what a valid access token says.
    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let now = OffsetDateTime::now_utc();
        let mut cached = self.cached().await;
        let verified = cached.keys.verify(token, now);
        if matches!(verified, Err(TokenError::UnknownKey)) && self.read_again(&mut cached).await {
            return cached.keys.verify(token, now);
        }
        verified
    }

    /// Reads the keys again, at most once a minute.
    pub async fn refresh(&self) {
        self.read_again(&mut *self.cached.lock().await).await;
    }

    /// The keys, at most [`MAX_AGE`] old if the secret can be read.
    async fn cached(&self) -> MutexGuard<'_, Cached> {
        let mut cached = self.cached.lock().await;
        if cached.read_at.elapsed() > MAX_AGE {
            self.read_again(&mut cached).await;
        }
        cached
    }

    /// Reads the keys again unless that was attempted in the last minute. Returns whether there is
    /// a new key.
    async fn read_again(&self, cached: &mut Cached) -> bool {
        if cached.attempted_at.is_some_and(|attempt| attempt.elapsed() < MIN_READ_INTERVAL) {
            return false;
        }
        cached.attempted_at = Some(Instant::now());
        match read_keys(&self.secrets, &self.arn).await {
            Ok((current, previous)) => {
                cached.read_at = Instant::now();
                cached.keys.replace(current, previous)
            }
            Err(error) => {
                tracing::error!(error = causes(&*error), "the signing key could not be read again");
                false
            }
        }
    }
}

/// Reads the current key and, after a rotation, the previous one.
async fn read_keys(secrets: &Secrets, arn: &str) -> Result<(Key, Option<Key>), SecretError> {
    let (current, previous) = tokio::try_join!(secrets.read(arn), secrets.read_previous(arn))?;
    Ok((key(&current)?, previous.as_ref().map(key).transpose()?))
}

/// The text of the secret is the key, and its version is the key's id.
fn key(secret: &SecretValue) -> Result<Key, SecretError> {
    let key = Key::new(&secret.version, secret.text.as_bytes());
    Ok(key.ok_or("the signing key has less than 256 bits")?)
}
