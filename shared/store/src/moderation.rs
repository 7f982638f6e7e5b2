//! Measures of an operator against an account or a message.

use chatchat_domain::{AccountId, ConnectionId, ERASED_MESSAGE, RoomId};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, row,
    run::{Idempotence::Idempotent, retry_on_conflict},
    sql,
};

/// An account after a measure.
#[derive(Debug)]
pub struct Moderated {
    /// The account.
    pub id: AccountId,
    /// The connections to close.
    pub closed: Vec<ConnectionId>,
}

impl Store {
    /// Restricts an account: ends all its sessions, hides it from the directory, and prevents
    /// logins. Returns `None` if there is no such account.
    ///
    /// The transaction has several statements for the same reason as [`Store::withdraw`].
    pub async fn restrict(&self, username: &str) -> Result<Option<Moderated>, StoreError> {
        retry_on_conflict(|| async {
            let transaction = self.begin().await?;
            let rows = transaction.query(&sql::RESTRICT, &[&username]).await?;
            let Some(id) = account(&rows)? else { return Ok(None) };
            let closed = transaction.end_all_sessions(id.get()).await?;
            transaction.commit().await?;
            Ok(Some(Moderated { id, closed }))
        })
        .await
    }

    /// Lifts the restriction of an account. A company stays hidden until it shows its profile
    /// again. Returns `None` if there is no such account.
    pub async fn lift_restriction(&self, username: &str) -> Result<Option<Moderated>, StoreError> {
        let rows = self.query(Idempotent, &sql::LIFT_RESTRICTION, &[&username]).await?;
        Ok(account(&rows)?.map(|id| Moderated { id, closed: Vec::new() }))
    }

    /// Withdraws an account without its password, like [`Store::withdraw`]. Returns `None` if there
    /// is no such account.
    pub async fn withdraw_by_name(
        &self,
        username: &str,
        username_hash: &str,
    ) -> Result<Option<Moderated>, StoreError> {
        retry_on_conflict(|| async {
            let transaction = self.begin().await?;
            let rows = transaction.query(&sql::WITHDRAW_BY_NAME, &[&username, &username_hash]).await?;
            let Some(id) = account(&rows)? else { return Ok(None) };
            let closed = transaction.erase_profile(id.get()).await?;
            transaction.commit().await?;
            Ok(Some(Moderated { id, closed }))
        })
        .await
    }

    /// Replaces the content of a message by [`ERASED_MESSAGE`]. Returns false if there is no such
    /// message.
    pub async fn remove_message(&self, room: RoomId, seq: i64) -> Result<bool, StoreError> {
        let rows =
            self.query(Idempotent, &sql::REMOVE_MESSAGE, &[&room.get(), &seq, &ERASED_MESSAGE]).await?;
        Ok(!rows.is_empty())
    }
}

fn account(rows: &[Row]) -> Result<Option<AccountId>, StoreError> {
    rows.first().map(|row| row::id(row, "id")).transpose()
}
