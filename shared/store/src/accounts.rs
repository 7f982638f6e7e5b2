//! Signing up and logging in.

use chatchat_domain::{AccountId, AccountKind, ErrorCode, Name, SessionId, Username};
use tokio_postgres::types::Type;

use crate::{Store, StoreError, row};

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

    /// Finds the account of that kind and name that has not withdrawn.
    pub async fn find_account(
        &self,
        kind: AccountKind,
        username: &str,
    ) -> Result<Option<Account>, StoreError> {
        let row = self
            .row(
                "select id, password_hash from accounts
                 where lower(username) = lower($1) and kind = $2 and withdrawn_at is null",
                &[(&username, Type::TEXT), (&kind.as_str(), Type::TEXT)],
            )
            .await?;
        row.map(|row| {
            Ok(Account { id: row::id(&row, "id")?, password_hash: row::get(&row, "password_hash")? })
        })
        .transpose()
    }

    /// Begins a session of an account whose password was just verified. An account that has withdrawn or changed its
    /// password in between gets `login_failed`. `refresh_hash` is the SHA-256 of the refresh token.
    pub async fn begin_session(
        &self,
        account: &Account,
        refresh_hash: &[u8; 32],
        seconds: i64,
    ) -> Result<SessionId, StoreError> {
        let row = self
            .row(
                "insert into sessions (account_id, refresh_hash, expires_at)
                 select id, $3, now() + $4 * interval '1 second'
                 from accounts where id = $1 and password_hash = $2 and withdrawn_at is null
                 returning id",
                &[
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
