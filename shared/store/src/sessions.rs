//! Sessions: whether they live, renewing them, and ending them.

use chatchat_domain::{AccountId, AccountKind, ConnectionId, ErrorCode, SessionId};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError, Who,
    clauses::{caller, sql},
    row,
};

/// What a refresh token was worth.
#[derive(Debug)]
pub enum Renewal {
    /// It was current, or was within the last 10 seconds.
    Renewed {
        /// Whose session it is.
        account: AccountId,
        /// Customer or company.
        kind: AccountKind,
        /// The session.
        session: SessionId,
        /// Which of the offered successors is current now.
        successor: usize,
    },
    /// It had been replaced: somebody has a copy, and the session is ended. These connections of it are to be closed.
    Replayed(Vec<ConnectionId>),
    /// It was current within the last 10 seconds, but was traded under a key that the successors offered are not from.
    OtherKey,
    /// It is unknown, or its session has ended.
    Worthless,
}

impl Store {
    /// The caller's account, or none when its session has ended or its account has withdrawn. Only for requests that
    /// are refused before they reach a statement of their own: what a refusal says is for living sessions alone.
    pub async fn living_caller(&self, who: Who<'_>) -> Result<Option<AccountId>, StoreError> {
        match self.as_caller(who, sql!("with ", caller!(), " select id from caller"), &[]).await {
            Ok(rows) => row::id(&rows[0], "id").map(Some),
            Err(StoreError::Refused(ErrorCode::Unauthenticated)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Trades a refresh token for its successor. All arguments are SHA-256 hashes; the successors are those that the keys of today
    /// and of yesterday give, the first to be kept.
    ///
    /// The lock on the session's row orders concurrent trades: the first makes the successor current, and those with the same
    /// token find it current for 10 seconds. After that, or two generations back, a token is a replay, and ends the session.
    pub async fn renew_session(
        &self,
        presented: &[u8; 32],
        successors: &[[u8; 32]],
        seconds: i64,
    ) -> Result<Renewal, StoreError> {
        let successors: Vec<&[u8]> = successors.iter().map(<[u8; 32]>::as_slice).collect();
        let row = self
            .row(
                "with token as (
                         select session_id, generation from refresh_tokens where hash = $1
                     ), session as (
                         select s.id, s.account_id, s.generation,
                                token.generation = s.generation as is_current,
                                token.generation = s.generation - 1
                                    and s.rotated_at > clock_timestamp() - interval '10 seconds' as was_current
                         from sessions s, token
                         where s.id = token.session_id and s.ended_at is null and s.expires_at > now()
                         for update of s
                     ), account as (
                         select a.id, a.kind from accounts a join session on a.id = session.account_id
                     ), renewed as (
                         update sessions s
                         set generation = s.generation + 1, rotated_at = clock_timestamp(),
                             expires_at = now() + $3 * interval '1 second'
                         from session, account
                         where s.id = session.id and session.is_current
                         returning s.id, s.generation
                     ), kept as (
                         insert into refresh_tokens (hash, session_id, generation)
                         select ($2)[1], id, generation from renewed
                     ), ended as (
                         update sessions s set ended_at = now()
                         from session where s.id = session.id and not session.is_current and not session.was_current
                     )
                     select session.id as session_id, account.id as account_id, account.kind,
                            session.is_current, session.was_current, session.generation
                     from session join account on true",
                &[
                    (&presented.as_slice(), Type::BYTEA),
                    (&successors, Type::BYTEA_ARRAY),
                    (&seconds, Type::INT8),
                ],
            )
            .await?;
        let Some(row) = row else { return Ok(Renewal::Worthless) };
        let successor = if row::get(&row, "is_current")? {
            0
        } else if row::get(&row, "was_current")? {
            match self.known_successor(&successors, &row).await? {
                Some(successor) => successor,
                None => return Ok(Renewal::OtherKey),
            }
        } else {
            return Ok(Renewal::Replayed(self.drop_connections(row::id(&row, "account_id")?).await?));
        };
        Ok(Renewal::Renewed {
            account: row::id(&row, "account_id")?,
            kind: row::account_kind(&row, "kind")?,
            session: row::id(&row, "session_id")?,
            successor,
        })
    }

    /// Which of the successors the first trade kept. A look of its own, for the first trade may have been committed after
    /// the statement before began.
    async fn known_successor(
        &self,
        successors: &[&[u8]],
        session: &Row,
    ) -> Result<Option<usize>, StoreError> {
        let kept: Option<Vec<u8>> = self
            .row(
                "select hash from refresh_tokens where session_id = $1 and generation = $2",
                &[
                    (&row::get::<i64>(session, "session_id")?, Type::INT8),
                    (&row::get::<i64>(session, "generation")?, Type::INT8),
                ],
            )
            .await?
            .map(|row| row::get(&row, "hash"))
            .transpose()?;
        Ok(successors.iter().position(|successor| kept.as_deref() == Some(*successor)))
    }

    /// Ends the session of a refresh token, whatever its generation. Gives the connections to close.
    pub async fn end_session(&self, presented: &[u8; 32]) -> Result<Vec<ConnectionId>, StoreError> {
        let row = self
            .row(
                "update sessions s set ended_at = now()
                 from refresh_tokens t where t.hash = $1 and s.id = t.session_id and s.ended_at is null
                 returning s.account_id",
                &[(&presented.as_slice(), Type::BYTEA)],
            )
            .await?;
        match row {
            Some(row) => self.drop_connections(row::id(&row, "account_id")?).await,
            None => Ok(Vec::new()),
        }
    }

    /// Forgets the connections of an account's ended sessions, and gives them to be closed. A statement of its own, after the one that ended
    /// the sessions: that one may have waited for a connection that was just being made, and did not see it.
    async fn drop_connections(&self, account: AccountId) -> Result<Vec<ConnectionId>, StoreError> {
        connections(&self.rows(DROP_CONNECTIONS, &[(&account.get(), Type::INT8)]).await?)
    }

    /// Changes the caller's password, whose hash was just verified, and ends the account's other sessions. Gives the connections to
    /// close. A password that was changed in between gets `wrong_password`.
    ///
    /// Several statements in one transaction: logging in locks the account's row, so after the first has it no session of the old
    /// password can come, and the second sees all that there are.
    pub async fn change_password(
        &self,
        who: Who<'_>,
        old_hash: &str,
        new_hash: &str,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let row = transaction
            .query_typed_opt(
                sql!(
                    "with ",
                    caller!(),
                    ", changed as (
                         update accounts a set password_hash = $4
                         from caller where a.id = caller.id and a.password_hash = $3
                         returning a.id
                     )
                     select caller.id as account_id, caller.session_id, exists (select from changed) as changed from caller"
                ),
                &[
                    (&who.session(), Type::INT8),
                    (&who.connection(), Type::TEXT),
                    (&old_hash, Type::TEXT),
                    (&new_hash, Type::TEXT),
                ],
            )
            .await?
            .ok_or(ErrorCode::Unauthenticated)?;
        if !row::get::<bool>(&row, "changed")? {
            return Err(ErrorCode::WrongPassword.into());
        }
        let account: AccountId = row::id(&row, "account_id")?;
        let session: SessionId = row::id(&row, "session_id")?;
        transaction
            .execute_typed(
                "update sessions set ended_at = now() where account_id = $1 and id <> $2 and ended_at is null",
                &[(&account.get(), Type::INT8), (&session.get(), Type::INT8)],
            )
            .await?;
        let closed = transaction.query_typed(DROP_CONNECTIONS, &[(&account.get(), Type::INT8)]).await?;
        transaction.commit().await?;
        connections(&closed)
    }

    /// Withdraws the caller, whose password hash was just verified: ends all sessions, closes its rooms and hides its profile. The
    /// username stays taken. Gives the connections to close.
    ///
    /// Several statements in one transaction: what opens rooms and sessions locks the account's row, so after the first has it none
    /// can come, and those after it see all that there are. The update of the rooms makes sends that wait for them look again.
    pub async fn withdraw(&self, who: Who<'_>, hash: &str) -> Result<Vec<ConnectionId>, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let account = transaction
            .query_typed_opt(
                sql!(
                    "with ",
                    caller!(),
                    " update accounts a set withdrawn_at = now()
                      from caller where a.id = caller.id and a.password_hash = $3 and a.withdrawn_at is null
                      returning a.id"
                ),
                &[(&who.session(), Type::INT8), (&who.connection(), Type::TEXT), (&hash, Type::TEXT)],
            )
            .await?
            .ok_or(ErrorCode::Unauthenticated)?;
        let account: i64 = row::get(&account, "id")?;
        for statement in [
            "update rooms set closed_at = clock_timestamp()
             where (customer_id = $1 or company_id = $1) and closed_at is null",
            "update companies set visible = false where account_id = $1",
            "update sessions set ended_at = now() where account_id = $1 and ended_at is null",
        ] {
            transaction.execute_typed(statement, &[(&account, Type::INT8)]).await?;
        }
        let closed = transaction.query_typed(DROP_CONNECTIONS, &[(&account, Type::INT8)]).await?;
        transaction.commit().await?;
        connections(&closed)
    }
}

/// Deletes the connections of the ended sessions of the account `$1`.
const DROP_CONNECTIONS: &str = "delete from connections c using sessions s
     where s.account_id = $1 and s.ended_at is not null and c.session_id = s.id
     returning c.id";

fn connections(rows: &[Row]) -> Result<Vec<ConnectionId>, StoreError> {
    rows.iter().map(|row| row::get::<String>(row, "id").map(ConnectionId::from)).collect()
}
