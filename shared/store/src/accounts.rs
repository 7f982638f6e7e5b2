//! Accounts: signing up, changing the password, withdrawing.

use chatchat_domain::{AccountId, AccountKind, Caller, ConnectionId, ErrorCode, Name, Username};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError,
    clauses::{caller, connection, session, sql},
    row,
    run::retry_on_conflict,
    sessions::{DROP_CONNECTIONS, REPLACE_TOKENS, connections},
};

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

/// What a change of password did to the account's sessions.
#[derive(Debug)]
pub struct ChangedPassword {
    /// The seconds until the caller's session expires.
    pub seconds: i64,
    /// The connections to close: those of the other sessions.
    pub closed: Vec<ConnectionId>,
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
                     -- The hash has a random salt: with the same one, it is this very call that was done already.
                     on conflict (lower(username)) do update set name = excluded.name
                     where accounts.password_hash = excluded.password_hash
                     returning id, kind
                 ), company as (
                     insert into companies (account_id) select id from account where kind = 'company'
                     on conflict do nothing
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
            .ok_or(ErrorCode::UsernameTaken)?;
        row::id(&row, "id")
    }

    /// Changes the caller's password, whose hash was just verified, ends the account's other sessions, and makes the refresh token with the
    /// SHA-256 `refresh_hash` the only one of the caller's session. Returns `None` if the password is not that one any more.
    ///
    /// Several statements in one transaction: logging in locks the account's row, so after the first has it no session of the old
    /// password can come, and the second sees all that there are.
    pub async fn change_password<R>(
        &self,
        caller: &Caller<R>,
        old_hash: &str,
        new_hash: &str,
        refresh_hash: &[u8; 32],
    ) -> Result<Option<ChangedPassword>, StoreError> {
        retry_on_conflict(|| self.try_change_password(caller, old_hash, new_hash, refresh_hash)).await
    }

    async fn try_change_password<R>(
        &self,
        caller: &Caller<R>,
        old_hash: &str,
        new_hash: &str,
        refresh_hash: &[u8; 32],
    ) -> Result<Option<ChangedPassword>, StoreError> {
        let transaction = self.begin().await?;
        let Some((account, session)) = verified(
            &transaction
                .rows(
                    sql!(
                        "with ",
                        caller!(),
                        ", changed as (
                             update accounts a set password_hash = $4
                             from caller where a.id = caller.id and a.password_hash = $3 and a.withdrawn_at is null
                             returning a.id
                         )
                         select caller.id as account_id, caller.session_id, exists (select from changed) as verified
                         from caller"
                    ),
                    &[
                        (&session(caller), Type::INT8),
                        (&connection(caller), Type::TEXT),
                        (&old_hash, Type::TEXT),
                        (&new_hash, Type::TEXT),
                    ],
                )
                .await?,
        )?
        else {
            return Ok(None);
        };
        transaction
            .rows(
                "update sessions set ended_at = now() where account_id = $1 and id <> $2 and ended_at is null",
                &[(&account, Type::INT8), (&session, Type::INT8)],
            )
            .await?;
        let replaced = transaction
            .rows(REPLACE_TOKENS, &[(&session, Type::INT8), (&refresh_hash.as_slice(), Type::BYTEA)])
            .await?;
        // If the session has ended since the first statement, the caller is not authenticated, and nothing changes.
        let seconds = row::get(replaced.first().ok_or(ErrorCode::Unauthenticated)?, "seconds")?;
        let closed = transaction.rows(DROP_CONNECTIONS, &[(&[account].as_slice(), Type::INT8_ARRAY)]).await?;
        transaction.commit().await?;
        Ok(Some(ChangedPassword { seconds, closed: connections(&closed)? }))
    }

    /// Withdraws the caller, whose password hash was just verified: ends all sessions, closes its rooms and hides its profile. The
    /// username stays taken. Gives the connections to close; none when the password is not that one any more.
    ///
    /// Several statements in one transaction: what opens rooms and sessions locks the account's row, so after the first has it none
    /// can come, and those after it see all that there are. The update of the rooms makes sends that wait for them look again.
    pub async fn withdraw<R>(
        &self,
        caller: &Caller<R>,
        hash: &str,
    ) -> Result<Option<Vec<ConnectionId>>, StoreError> {
        retry_on_conflict(|| self.try_withdraw(caller, hash)).await
    }

    async fn try_withdraw<R>(
        &self,
        caller: &Caller<R>,
        hash: &str,
    ) -> Result<Option<Vec<ConnectionId>>, StoreError> {
        let transaction = self.begin().await?;
        let Some((account, _)) = verified(
            &transaction
                .rows(
                    sql!(
                        "with ",
                        caller!(),
                        ", withdrawn as (
                             update accounts a set withdrawn_at = now()
                             from caller where a.id = caller.id and a.password_hash = $3 and a.withdrawn_at is null
                             returning a.id
                         )
                         select caller.id as account_id, caller.session_id, exists (select from withdrawn) as verified
                         from caller"
                    ),
                    &[(&session(caller), Type::INT8), (&connection(caller), Type::TEXT), (&hash, Type::TEXT)],
                )
                .await?,
        )?
        else {
            return Ok(None);
        };
        for statement in [
            "update rooms set closed_at = clock_timestamp()
             where (customer_id = $1 or company_id = $1) and closed_at is null",
            "update companies set visible = false where account_id = $1",
            "update sessions set ended_at = now() where account_id = $1 and ended_at is null",
        ] {
            transaction.rows(statement, &[(&account, Type::INT8)]).await?;
        }
        let closed = transaction.rows(DROP_CONNECTIONS, &[(&[account].as_slice(), Type::INT8_ARRAY)]).await?;
        transaction.commit().await?;
        connections(&closed).map(Some)
    }
}

/// The account and the session of the caller; none when the password is not what it was.
fn verified(rows: &[Row]) -> Result<Option<(i64, i64)>, StoreError> {
    let row = rows.first().ok_or(ErrorCode::Unauthenticated)?;
    let ids = (row::get(row, "account_id")?, row::get(row, "session_id")?);
    Ok(row::get::<bool>(row, "verified")?.then_some(ids))
}
