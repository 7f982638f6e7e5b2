//! The throttle on password checks. Attempts to log in are counted by network and by username,
//! whether or not the account exists; those inside a session are counted by session.

use std::net::IpAddr;

use chatchat_domain::{AccountKind, Caller};
use tokio_postgres::Row;

use crate::{
    Account, Store, StoreError, row,
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
    /// it has withdrawn. Fails with [`StoreError::TooManyAttempts`].
    pub async fn find_account(
        &self,
        kind: AccountKind,
        username: &str,
        address: &str,
    ) -> Result<Option<Account>, StoreError> {
        let [network, pair, name] = subjects(username, address);
        // Lower-cased as in `subjects`, so that the account and the count belong to the same
        // username.
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
        Ok(Some(Account { id, password_hash: row::get(row, "password_hash")? }))
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
/// network, and the username from all networks. Statements lock them in this order.
pub(crate) fn subjects(username: &str, address: &str) -> [String; 3] {
    let name: String = username.to_lowercase().chars().take(40).collect();
    let network = network(address);
    [format!("network {network}"), format!("pair {name} {network}"), format!("username {name}")]
}

/// The network of an address: the /24 of an IPv4 address, the /64 of an IPv6 address. One household
/// or office usually has all addresses of such a network.
pub(crate) fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.chars().take(40).collect(),
    }
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
    fn attempts_are_counted_by_network_and_by_name_without_case() {
        let expected = ["network 192.0.2.0/24", "pair haneul01 192.0.2.0/24", "username haneul01"];
        assert_eq!(subjects("Haneul01", "192.0.2.7"), expected);
        assert_eq!(subjects("x", "2001:db8:1:2:3:4:5:6")[0], "network 2001:db8:1:2::/64");
        let long = subjects(&"가".repeat(1000), &"9".repeat(1000));
        assert!(long.iter().all(|subject| subject.chars().count() < 128), "the limit of the column");
    }
}
