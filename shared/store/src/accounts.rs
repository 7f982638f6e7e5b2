//! Signing up and logging in, and the throttle on password checks.

use std::net::IpAddr;

use chatchat_domain::{AccountId, AccountKind, ErrorCode, Name, SessionId, Username};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError, Who,
    clauses::{caller, sql},
    row,
};

/// `counted`: one more attempt of each of the subjects `$1`, in a window of 15 minutes.
macro_rules! counted {
    () => {
        "counted as (
             insert into attempts as a (subject, count, since)
             select subject, 1, now() from unnest($1) subject
             on conflict (subject) do update
             set count = case when a.since > now() - interval '15 minutes' then a.count + 1 else 1 end,
                 since = case when a.since > now() - interval '15 minutes' then a.since else now() end
             returning subject, count, since
         )"
    };
}

/// How many seconds the one who tried has to wait; null for none. A name has 10 attempts in a window; an address, which
/// an office may share, has 100.
macro_rules! wait {
    () => {
        "(select max(extract(epoch from since + interval '15 minutes' - now()))::float8 from counted
          where count > case when subject like 'username %' then 10 else 100 end)"
    };
}

/// `forgiven`: the attempts of the subjects `$1` after a right password.
macro_rules! forgiven {
    () => {
        "forgiven as (
             update attempts set count = case when subject like 'username %' then 0 else greatest(count - 1, 0) end
             where subject = any($1)
         )"
    };
}

/// What an account begins with.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Customer or company.
    pub kind: AccountKind,
    /// Unique over both, without regard to case, for ever.
    pub username: &'a Username,
    /// Argon2id, in PHC string format.
    pub password_hash: &'a str,
    /// The person's or company's name.
    pub name: &'a Name,
}

/// An account that somebody wants to log in to.
#[derive(Debug)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// What the password is verified against.
    pub password_hash: String,
}

impl Store {
    /// Signs an account up; a company also gets its empty, hidden profile. Refuses with `username_taken`.
    pub async fn create_account(&self, account: &NewAccount<'_>) -> Result<AccountId, StoreError> {
        let row = self
            .row(
                "with account as (
                     insert into accounts (kind, username, password_hash, name)
                     values ($1, $2, $3, $4)
                     returning id, kind
                 ), company as (
                     insert into companies (account_id) select id from account where kind = 'company'
                 )
                 select id from account",
                &[
                    (&account.kind.as_str(), Type::TEXT),
                    (&account.username.as_str(), Type::TEXT),
                    (&account.password_hash, Type::TEXT),
                    (&account.name.as_str(), Type::TEXT),
                ],
            )
            .await?
            .ok_or_else(|| StoreError::unexpected("the new account has no row"))?;
        row::id(&row, "id")
    }

    /// Counts an attempt to log in, and finds the account of that kind and name that has not withdrawn. Counting comes
    /// first, so that concurrent attempts cannot slip past the limit; a name that does not exist is counted the same.
    pub async fn find_account(
        &self,
        kind: AccountKind,
        username: &str,
        address: &str,
    ) -> Result<Option<Account>, StoreError> {
        let subjects = subjects(username, address);
        let row = self
            .row(
                sql!(
                    "with ",
                    counted!(),
                    " select counted.wait, a.id, a.password_hash
                      from (select ",
                    wait!(),
                    " as wait) counted
                      left join accounts a
                          on lower(a.username) = lower($2) and a.kind = $3 and a.withdrawn_at is null"
                ),
                &[(&subjects, Type::TEXT_ARRAY), (&username, Type::TEXT), (&kind.as_str(), Type::TEXT)],
            )
            .await?
            .ok_or_else(|| StoreError::unexpected("counting gives a row"))?;
        unless_throttled(&row)?;
        let Some(id) = row::optional_id(&row, "id")? else { return Ok(None) };
        Ok(Some(Account { id, password_hash: row::get(&row, "password_hash")? }))
    }

    /// The same for a caller who is asked for their password again. Gives their username and its hash.
    pub async fn own_password(&self, who: Who<'_>, address: &str) -> Result<(String, String), StoreError> {
        let rows = self
            .as_caller(
                who,
                sql!(
                    "with ",
                    caller!(),
                    " select a.username, a.password_hash from caller join accounts a on a.id = caller.id"
                ),
                &[],
            )
            .await?;
        let (username, hash): (String, String) =
            (row::get(&rows[0], "username")?, row::get(&rows[0], "password_hash")?);
        let subjects = subjects(&username, address);
        let counted = self
            .row(sql!("with ", counted!(), " select ", wait!(), " as wait"), &[(&subjects, Type::TEXT_ARRAY)])
            .await?
            .ok_or_else(|| StoreError::unexpected("counting gives a row"))?;
        unless_throttled(&counted)?;
        Ok((username, hash))
    }

    /// Forgets the attempts of a name, and one of an address: the password was right.
    pub async fn forgive_attempts(&self, username: &str, address: &str) -> Result<(), StoreError> {
        self.rows(sql!("with ", forgiven!(), " select"), &[(&subjects(username, address), Type::TEXT_ARRAY)])
            .await
            .map(drop)
    }

    /// Begins a session of an account whose password was just verified, and forgives the attempts. An account that has
    /// withdrawn or changed its password in between gets `login_failed`: its row is locked against both. `refresh_hash` is
    /// the SHA-256 of the session's first refresh token.
    pub async fn begin_session(
        &self,
        account: &Account,
        username: &str,
        address: &str,
        refresh_hash: &[u8; 32],
        seconds: i64,
    ) -> Result<SessionId, StoreError> {
        let row = self
            .row(
                sql!(
                    "with ",
                    forgiven!(),
                    ", account as (
                         select id from accounts
                         where id = $2 and password_hash = $3 and withdrawn_at is null
                         for share
                     ), session as (
                         insert into sessions (account_id, expires_at)
                         select id, now() + $5 * interval '1 second' from account
                         returning id
                     ), token as (
                         insert into refresh_tokens (hash, session_id, generation) select $4, id, 1 from session
                     )
                     select id from session"
                ),
                &[
                    (&subjects(username, address), Type::TEXT_ARRAY),
                    (&account.id.get(), Type::INT8),
                    (&account.password_hash, Type::TEXT),
                    (&refresh_hash.as_slice(), Type::BYTEA),
                    (&seconds, Type::INT8),
                ],
            )
            .await?;
        row.map_or(Err(ErrorCode::LoginFailed.into()), |row| row::id(&row, "id"))
    }
}

/// What attempts are counted by: the name first, then the address, so that concurrent counts lock in one order. An IPv6
/// address counts as its /64, which is what one household has.
fn subjects(username: &str, address: &str) -> Vec<String> {
    let name: String = username.to_lowercase().chars().take(40).collect();
    let address = match address.parse() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.chars().take(40).collect(),
    };
    vec![format!("username {name}"), format!("address {address}")]
}

fn unless_throttled(row: &Row) -> Result<(), StoreError> {
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
