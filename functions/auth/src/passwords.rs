//! Hashes and verifies passwords with Argon2id, on threads for blocking work, and a bounded number
//! at a time.

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use chatchat_domain::{Caller, EnteredPassword, ErrorCode};
use chatchat_function::Error;
use chatchat_store::{OwnAccount, Store};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// A hash that no password has. It is verified if there is no account, so that the work is the
/// same. Argon2's defaults are OWASP's minimum: m = 19 MiB, t = 2, p = 1.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Permits to compute a hash. Each hash takes 19 MiB and a processor.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Returns the hash of a password with a new salt, in PHC string format.
pub async fn hash(password: EnteredPassword) -> Result<String, Error> {
    computed(move || {
        let hash: PasswordHash = Argon2::default().hash_password(password.reveal().as_bytes())?;
        Ok(hash.to_string())
    })
    .await?
    .map_err(|error| Error::internal(error.to_string()))
}

/// Returns whether the password has this hash. Without a hash, returns false after the same work.
pub async fn verify(password: EnteredPassword, hash: Option<String>) -> Result<bool, Error> {
    let verified = computed(move || {
        let hash = PasswordHash::new(hash.as_deref().unwrap_or(DUMMY_HASH))?;
        Argon2::default().verify_password(password.reveal().as_bytes(), &hash)
    });
    match verified.await? {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(Error::internal(error.to_string())),
    }
}

/// Returns whether a hash was computed with another algorithm or other parameters than a new one.
pub fn is_outdated(hash: &str) -> bool {
    parameters(hash) != parameters(DUMMY_HASH)
}

/// Returns the part of a hash in PHC string format that comes before the salt.
fn parameters(hash: &str) -> Option<&str> {
    hash.rsplitn(3, '$').nth(2)
}

/// Verifies the caller's password. Fails with 403 `wrong_password` or 429 `too_many_attempts`.
pub async fn check_own<R>(
    store: &Store,
    caller: &Caller<R>,
    password: EnteredPassword,
) -> Result<OwnAccount, Error> {
    let own = store.own_account(caller).await?;
    if !verify(password, Some(own.password_hash.clone())).await? {
        return Err(ErrorCode::WrongPassword.into());
    }
    store.forgive_session(caller).await?;
    Ok(own)
}

async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
) -> Result<Result<T, HashError>, Error> {
    let _slot = HASHING.acquire().await.map_err(Error::internal)?;
    spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hash_verifies_only_its_password() {
        let entered = |text: &str| EnteredPassword::from(text.to_owned());
        let hash = hash(entered("haneul01")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(entered("haneul01"), Some(hash.clone())).await.unwrap());
        assert!(!verify(entered("haneul02"), Some(hash)).await.unwrap());
        assert!(!verify(entered("haneul01"), None).await.unwrap());
    }

    #[tokio::test]
    async fn hash_with_other_parameters_is_outdated() {
        assert!(!is_outdated(&hash("haneul01".to_owned().into()).await.unwrap()));
        for parameters in
            ["argon2id$v=19$m=9728,t=2,p=1", "argon2id$v=16$m=19456,t=2,p=1", "argon2i$v=19$m=19456,t=2,p=1"]
        {
            assert!(is_outdated(&format!("${parameters}$c2FsdHNhbHQ$aGFzaA")), "{parameters}");
        }
    }
}
