//! The throttle on password checks. Attempts to log in are counted by network and by username,
//! whether or not the account exists; those inside a session are counted by session.

use chatchat_domain::{AccountKind, Caller};
use tokio_postgres::Row;

use crate::{
    Account, Store, StoreError, network, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The account of a caller that enters its password again.
#[derive(Debug)]
pub struct OwnAccount {
    /// The username.
    pub username: String,
    /// The hash against which the password is verified.
    pub password_hash: String,
}

impl Store {
    /// Counts an attempt to log in, and returns the account of that kind with that username, unless
    /// it has withdrawn. `username_hash` is a keyed hash of the username in lower case. Fails with
    /// [`StoreError::TooManyAttempts`].
    pub async fn find_account(
        &self,
        kind: AccountKind,
        username: &str,
        username_hash: &str,
        address: &str,
    ) -> Result<Option<Account>, StoreError> {
        let [network, pair, name] = subjects(username_hash, address);
        let rows = self
            .query(
                Idempotent,
                &sql::FIND_ACCOUNT,
                &[&network, &pair, &name, &username.to_lowercase(), &kind.as_str()],
            )
            .await?;
        let row = row::first(&rows)?;
        check_throttle(row)?;
        let Some(id) = row::optional_id(row, "id")? else { return Ok(None) };
        Ok(Some(Account {
            id,
            password_hash: row::get(row, "password_hash")?,
            is_restricted: row::get(row, "restricted")?,
        }))
    }

    /// Counts an attempt of the caller to enter its password again, and returns the caller's
    /// account. Fails with [`StoreError::TooManyAttempts`].
    pub async fn own_account<R>(&self, caller: &Caller<R>) -> Result<OwnAccount, StoreError> {
        let rows =
            self.query(Idempotent, &sql::OWN_ACCOUNT, &[&session(caller), &connection(caller)]).await?;
        let row = row::authenticated(&rows)?;
        check_throttle(row)?;
        Ok(OwnAccount {
            username: row::get(row, "username")?,
            password_hash: row::get(row, "password_hash")?,
        })
    }

    /// Resets the count of the caller's session after a correct password.
    pub async fn forgive_session<R>(&self, caller: &Caller<R>) -> Result<(), StoreError> {
        self.query(Idempotent, &sql::FORGIVE_SESSION, &[&session(caller)]).await.map(drop)
    }
}

/// The subjects by which attempts to log in are counted: the network, the username from this
/// network, and the username from all networks. Statements lock them in this order. The username is
/// hashed, because it can be that of a withdrawn account, or a password in the wrong field.
pub(crate) fn subjects(username_hash: &str, address: &str) -> [String; 3] {
    let network = network(address);
    [
        format!("network {network}"),
        format!("pair {username_hash} {network}"),
        format!("username {username_hash}"),
    ]
}

/// Fails if the column `wait` shows that the attempt exceeded the limit.
fn check_throttle(row: &Row) -> Result<(), StoreError> {
    match row::get::<Option<f64>>(row, "wait")? {
        Some(seconds) => Err(StoreError::TooManyAttempts(row::seconds(seconds))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_network_and_by_name() {
        let expected = ["network 192.0.2.0/24", "pair 0a 192.0.2.0/24", "username 0a"];
        assert_eq!(subjects("0a", "192.0.2.7"), expected);
        assert_eq!(subjects("0a", "2001:db8:1:2:3:4:5:6")[0], "network 2001:db8:1:2::/64");
        let long = subjects(&"f".repeat(64), &"9".repeat(1000));
        assert!(long.iter().all(|subject| subject.chars().count() < 128), "the limit of the column");
    }
}
