//! Accounts: signing up, changing the password, withdrawing and erasing.

use chatchat_domain::{
    AccountId, AccountKind, Caller, ConnectionId, DOCUMENTS, ERASED_MESSAGE, ErrorCode, Name, Username,
    guide_message,
};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, network, row,
    run::{Idempotence::Idempotent, Transaction, retry_on_conflict},
    sql::{self, connection, session},
    sweep::BATCH_SIZE,
};

/// What an account begins with.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The address that signs up.
    pub address: &'a str,
    /// Customer or company.
    pub kind: AccountKind,
    /// Unique among customers and companies, regardless of case, also after a withdrawal.
    pub username: &'a Username,
    /// A keyed hash of the username in lower case, which stays after a withdrawal.
    pub username_hash: &'a str,
    /// Argon2id, in PHC string format.
    pub password_hash: &'a str,
    /// The person's or company's name.
    pub name: &'a Name,
}

/// The result of a change of password.
#[derive(Debug)]
pub struct ChangedPassword {
    /// The seconds until the caller's session expires.
    pub seconds: i64,
    /// The connections to close: those of the other sessions.
    pub closed: Vec<ConnectionId>,
}

/// An account that a client logs in to.
#[derive(Debug)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// What the password is verified against.
    pub password_hash: String,
    /// Whether the operator has restricted the account, so that it cannot log in.
    pub is_restricted: bool,
}

impl Store {
    /// Creates an account. A company also gets a profile, which is empty and hidden. Fails with
    /// `username_taken` or [`StoreError::TooManyRequests`].
    pub async fn create_account(&self, account: &NewAccount<'_>) -> Result<AccountId, StoreError> {
        let (documents, versions): (Vec<&str>, Vec<&str>) = DOCUMENTS.into_iter().unzip();
        let rows = self
            .query(
                Idempotent,
                &sql::CREATE_ACCOUNT,
                &[
                    &network(account.address),
                    &account.kind.as_str(),
                    &account.username.as_str(),
                    &account.username_hash,
                    &account.password_hash,
                    &account.name.as_str(),
                    &documents.as_slice(),
                    &versions.as_slice(),
                ],
            )
            .await?;
        let row = row::first(&rows)?;
        row::token(row)?;
        row::optional_id(row, "id")?.ok_or_else(|| ErrorCode::UsernameTaken.into())
    }

    /// Changes the caller's password, whose hash was just verified, ends the account's other
    /// sessions, and makes the refresh token with the SHA-256 `refresh_hash` the only valid one of
    /// the caller's session. Returns `None` if the password was changed since it was verified.
    ///
    /// The transaction has several statements, because logging in locks the account's row. After
    /// the first statement has locked it, no session can begin with the old password, and the next
    /// statement sees all that have begun.
    pub async fn change_password<R>(
        &self,
        caller: &Caller<R>,
        old_hash: &str,
        new_hash: &str,
        refresh_hash: &[u8; 32],
    ) -> Result<Option<ChangedPassword>, StoreError> {
        retry_on_conflict(|| async {
            let transaction = self.begin().await?;
            let rows = transaction
                .query(&sql::CHANGE_PASSWORD, &[&session(caller), &connection(caller), &old_hash, &new_hash])
                .await?;
            let Some((account, session)) = verified(&rows)? else { return Ok(None) };
            transaction.query(&sql::END_OTHER_SESSIONS, &[&account, &session]).await?;
            let replaced =
                transaction.query(&sql::REPLACE_TOKENS, &[&session, &refresh_hash.as_slice()]).await?;
            // If the session has ended since the first statement, the transaction is rolled back.
            let seconds = row::get(row::authenticated(&replaced)?, "seconds")?;
            let closed = transaction
                .query(&sql::DELETE_CONNECTIONS_OF_ENDED_SESSIONS, &[&[account].as_slice()])
                .await?;
            transaction.commit().await?;
            Ok(Some(ChangedPassword { seconds, closed: row::connections(&closed)? }))
        })
        .await
    }

    /// Replaces the hash of an account's password, which was just verified, by another hash of the
    /// same password. Returns the account's hash after that, which is another one if it changed
    /// since it was verified; `None` if the account has withdrawn.
    pub async fn replace_hash(
        &self,
        account: &Account,
        new_hash: &str,
    ) -> Result<Option<String>, StoreError> {
        let id = account.id.get();
        let rows =
            self.query(Idempotent, &sql::REPLACE_HASH, &[&id, &account.password_hash, &new_hash]).await?;
        rows.first().map(|row| row::get(row, "password_hash")).transpose()
    }

    /// Withdraws the caller, whose password hash was just verified: erases its profile and FAQ,
    /// ends all its sessions and closes its rooms. `username_hash` replaces the username, which
    /// stays taken. Returns the connections to close, or `None` if the password was changed since
    /// it was verified.
    ///
    /// The transaction has several statements, because opening a room and logging in lock the
    /// account's row. After the first statement has locked it, no room and no session can begin,
    /// and the next statements see all that have begun. A send that waits for a room's lock while
    /// the withdrawal closes the room is repeated, and then sees that the room is closed.
    pub async fn withdraw<R>(
        &self,
        caller: &Caller<R>,
        password_hash: &str,
        username_hash: &str,
    ) -> Result<Option<Vec<ConnectionId>>, StoreError> {
        retry_on_conflict(|| async {
            let transaction = self.begin().await?;
            let rows = transaction
                .query(
                    &sql::WITHDRAW,
                    &[&session(caller), &connection(caller), &password_hash, &username_hash],
                )
                .await?;
            let Some((account, _)) = verified(&rows)? else { return Ok(None) };
            let closed = transaction.erase_profile(account).await?;
            transaction.commit().await?;
            Ok(Some(closed))
        })
        .await
    }

    /// Erases the contents of at most 1,000 messages that a withdrawn account wrote, if it withdrew
    /// more than `days` days ago. Returns 0 if there is nothing left to erase.
    pub async fn erase_messages(&self, days: i64) -> Result<i64, StoreError> {
        let rows =
            self.query(Idempotent, &sql::ERASE_MESSAGES, &[&days, &ERASED_MESSAGE, &BATCH_SIZE]).await?;
        row::get(row::first(&rows)?, "count")
    }
}

impl Transaction<'_> {
    /// Closes the rooms of a withdrawn account, erases what its profile and its rooms contain about
    /// it, and ends all its sessions. Returns the connections to close.
    pub(crate) async fn erase_profile(&self, account: i64) -> Result<Vec<ConnectionId>, StoreError> {
        self.query(&sql::CLOSE_ROOMS, &[&account]).await?;
        let guide = guide_message("탈퇴한 기업");
        self.query(&sql::ERASE_GUIDE_MESSAGES, &[&account, &guide]).await?;
        self.query(&sql::ERASE_COMPANY, &[&account]).await?;
        self.end_all_sessions(account).await
    }

    /// Ends all sessions of an account. Returns the connections to close.
    pub(crate) async fn end_all_sessions(&self, account: i64) -> Result<Vec<ConnectionId>, StoreError> {
        self.query(&sql::END_ALL_SESSIONS, &[&account]).await?;
        let closed = self.query(&sql::DELETE_CONNECTIONS_OF_ENDED_SESSIONS, &[&[account].as_slice()]).await?;
        row::connections(&closed)
    }
}

/// The account and the session of the caller, or `None` if the password was changed since it was
/// verified.
fn verified(rows: &[Row]) -> Result<Option<(i64, i64)>, StoreError> {
    let row = row::authenticated(rows)?;
    let ids = (row::get(row, "account_id")?, row::get(row, "session_id")?);
    Ok(row::get::<bool>(row, "verified")?.then_some(ids))
}
