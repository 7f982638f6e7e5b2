//! Sessions: beginning them, whether they live, renewing them, and ending them.

use chatchat_domain::{AccountId, AccountKind, ConnectionId, ErrorCode, SessionId};
use tokio_postgres::{Row, types::Type};

use crate::{
    Account, Store, StoreError, Who,
    attempts::{forgiven, subjects},
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
                    ", known as (
                         -- Done already, by this very call.
                         select session_id as id from refresh_tokens where hash = $4
                     ), account as (
                         select id from accounts
                         where id = $2 and password_hash = $3 and withdrawn_at is null
                           and not exists (select from known)
                         for share
                     ), session as (
                         insert into sessions (account_id, expires_at)
                         select id, now() + $5 * interval '1 second' from account
                         returning id
                     ), token as (
                         insert into refresh_tokens (hash, session_id, generation) select $4, id, 1 from session
                     )
                     select id from session union all select id from known"
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
                         for no key update of s
                     ), renewed as (
                         update sessions s
                         set generation = s.generation + 1, rotated_at = clock_timestamp(),
                             expires_at = now() + $3 * interval '1 second'
                         from session
                         where s.id = session.id and session.is_current
                         returning s.id, s.generation
                     ), kept as (
                         insert into refresh_tokens (hash, session_id, generation)
                         select ($2)[1], id, generation from renewed
                     ), ended as (
                         update sessions s set ended_at = now()
                         from session where s.id = session.id and not session.is_current and not session.was_current
                     )
                     select session.id as session_id, session.account_id, a.kind,
                            session.is_current, session.was_current, session.generation
                     from session join accounts a on a.id = session.account_id",
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
                "update sessions s set ended_at = coalesce(s.ended_at, now())
                 from refresh_tokens t where t.hash = $1 and s.id = t.session_id
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
}

/// Deletes the connections of the ended sessions of the account `$1`.
pub(crate) const DROP_CONNECTIONS: &str = "delete from connections c using sessions s
     where c.account_id = $1 and s.id = c.session_id and s.ended_at is not null
     returning c.id";

pub(crate) fn connections(rows: &[Row]) -> Result<Vec<ConnectionId>, StoreError> {
    rows.iter().map(|row| row::get::<String>(row, "id").map(ConnectionId::from)).collect()
}
