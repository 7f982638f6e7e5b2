//! Hashing and verifying passwords with Argon2id, off the async thread.

use std::sync::LazyLock;

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use chatchat_domain::Password;
use chatchat_lambda::Error;
use tokio::task::spawn_blocking;

/// A hash that no password has, for the same work where there is no account. Argon2's defaults are OWASP's minimum:
/// m = 19 MiB, t = 2, p = 1.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()
});

/// The hash of a password under a new salt, in PHC string format.
pub async fn hash(password: Password) -> Result<String, Error> {
    let hashed = spawn_blocking(move || Argon2::default().hash_password(password.reveal().as_bytes()));
    let hash: PasswordHash =
        hashed.await.map_err(Error::internal)?.map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password has this hash; without a hash it has not, after the same work.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Error> {
    let verified = spawn_blocking(move || {
        let hash = PasswordHash::new(hash.as_deref().unwrap_or(&NOBODY))?;
        Argon2::default().verify_password(password.as_bytes(), &hash)
    });
    match verified.await.map_err(Error::internal)? {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(Error::internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_has_the_hash_that_was_made_of_it_and_no_other_has() {
        let hash = hash(Password::try_from("haneul01".to_owned()).unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("haneul01".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify("haneul02".to_owned(), Some(hash)).await.unwrap());
        assert!(!verify("haneul01".to_owned(), None).await.unwrap());
    }
}
