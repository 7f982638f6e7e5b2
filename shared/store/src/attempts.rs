//! The throttle on password checks. Attempts are counted by username and by address, whether or not
//! the account exists.

use std::net::IpAddr;

use chatchat_domain::{AccountKind, Caller};
use tokio_postgres::Row;

use crate::{
    Account, Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The account of a caller that repeats its password.
#[derive(Debug)]
pub struct OwnAccount {
    /// The username.
    pub username: String,
    /// What the password is verified against.
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
        // Lower-cased as in `subjects`, so that the account and the count belong to the same
        // username.
        let rows = self
            .query(
                Idempotent,
                &sql::FIND_ACCOUNT,
                &[&subjects(username, address), &username.to_lowercase(), &kind.as_str()],
            )
            .await?;
        let row = row::first(&rows)?;
        check_throttle(row)?;
        let Some(id) = row::optional_id(row, "id")? else { return Ok(None) };
        Ok(Some(Account { id, password_hash: row::get(row, "password_hash")? }))
    }

    /// Counts an attempt of the caller to repeat its password, and returns its account. Fails with
    /// [`StoreError::TooManyAttempts`].
    pub async fn own_account<R>(&self, caller: &Caller<R>, address: &str) -> Result<OwnAccount, StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::OWN_ACCOUNT,
                &[&session(caller), &connection(caller), &address_subject(address)],
            )
            .await?;
        let row = row::authenticated(&rows)?;
        check_throttle(row)?;
        Ok(OwnAccount {
            username: row::get(row, "username")?,
            password_hash: row::get(row, "password_hash")?,
        })
    }

    /// Forgives the attempts of a username, and one attempt of an address, after a correct
    /// password.
    pub async fn forgive_attempts(&self, username: &str, address: &str) -> Result<(), StoreError> {
        self.query(Idempotent, &sql::FORGIVE_ATTEMPTS, &[&subjects(username, address)]).await.map(drop)
    }
}

/// The subjects by which attempts are counted. The username is always first, so that concurrent
/// statements lock the rows in the same order.
pub(crate) fn subjects(username: &str, address: &str) -> Vec<String> {
    let name: String = username.to_lowercase().chars().take(40).collect();
    vec![format!("username {name}"), address_subject(address)]
}

/// An IPv6 address is counted as its /64 network, because one household has a whole network.
fn address_subject(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("address {a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => format!("address {}", address.chars().take(40).collect::<String>()),
    }
}

/// Fails if the column `wait` says that the attempt was one too many.
fn check_throttle(row: &Row) -> Result<(), StoreError> {
    match row::get::<Option<f64>>(row, "wait")? {
        Some(seconds) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a quarter of an hour"
            )]
            let seconds = seconds.ceil().clamp(1.0, 900.0) as u32;
            Err(StoreError::TooManyAttempts(seconds))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_name_without_case_and_by_network() {
        assert_eq!(subjects("Haneul01", "192.0.2.7"), ["username haneul01", "address 192.0.2.7"]);
        assert_eq!(subjects("x", "2001:db8:1:2:3:4:5:6")[1], "address 2001:db8:1:2::/64");
        assert!(
            subjects(&"가".repeat(1000), &"9".repeat(1000))
                .iter()
                .all(|subject| subject.chars().count() < 60)
        );
    }
}
