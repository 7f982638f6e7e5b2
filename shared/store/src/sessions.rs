//! Sessions: beginning them, whether they live, listing and ending them. Renewing them is in `renewal.rs`.

use chatchat_domain::{AccountKind, Caller, ConnectionId, ErrorCode, SessionId, SessionSummary};
use tokio_postgres::{Row, types::Type};

use crate::{
    Account, Store, StoreError,
    attempts::{forgiven, subjects},
    clauses::{caller, lives_until, seconds_left, sql},
    row,
};

/// What a session begins with.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// The account, whose password was just verified.
    pub account: &'a Account,
    /// Customer or company.
    pub kind: AccountKind,
    /// What the account logs in with; the attempts that were counted for it are forgiven.
    pub username: &'a str,
    /// The address that the request came from; one attempt is forgiven.
    pub address: &'a str,
    /// The SHA-256 of the session's first refresh token.
    pub refresh_hash: &'a [u8; 32],
    /// The SHA-256 of the refresh tokens whose cookie the new one replaces.
    pub replaced: &'a [[u8; 32]],
}

/// A new session.
#[derive(Debug)]
pub struct BegunSession {
    /// The session.
    pub id: SessionId,
    /// The seconds until it expires.
    pub seconds: i64,
    /// The connections to close: those of the sessions that it replaced.
    pub closed: Vec<ConnectionId>,
}

/// Locks the sessions to which the refresh tokens with these hashes belong, of any generation, if the account is of that kind and the
/// condition holds. A token from before the last change of password belongs to no session.
macro_rules! sessions_of_tokens {
    ($hashes:literal, $kind:literal, $condition:literal) => {
        concat!(
            "select s.id, s.account_id
             from refresh_tokens t join sessions s on s.id = t.session_id join accounts a on a.id = s.account_id
             where t.hash = any(",
            $hashes,
            ") and a.kind = ",
            $kind,
            " and t.generation >= s.first_generation and ",
            $condition,
            " order by s.id for no key update of s"
        )
    };
}

impl Store {
    /// Begins a session, forgives the attempts, and ends the sessions that it replaces. An account that has withdrawn or changed its
    /// password since it was verified gets `login_failed`: its row is locked against both.
    pub async fn begin_session(&self, new: &NewSession<'_>) -> Result<BegunSession, StoreError> {
        let replaced = hashes(new.replaced);
        let row = self
            .row(
                sql!(
                    "with ",
                    forgiven!(),
                    ", known as (
                         -- Done already, by this very call.
                         select s.id, s.expires_at
                         from refresh_tokens t join sessions s on s.id = t.session_id where t.hash = $4
                     ), account as (
                         select id from accounts
                         where id = $2 and password_hash = $3 and withdrawn_at is null
                           and not exists (select from known)
                         for share
                     ), session as (
                         insert into sessions as s (account_id, expires_at)
                         select id, now() + interval '14 days' from account
                         returning s.id, s.expires_at
                     ), token as (
                         insert into refresh_tokens (hash, session_id, generation) select $4, id, 1 from session
                     ), replaced as (",
                    // The account is locked before its sessions are.
                    sessions_of_tokens!("$5", "$6", "exists (select from account)"),
                    "), ended as (
                         update sessions s set ended_at = now()
                         from replaced where s.id = replaced.id and s.ended_at is null
                         returning s.account_id
                     )
                     select id, ",
                    seconds_left!(),
                    " as seconds, array(select distinct account_id from ended) as ended_of
                     from (select * from session union all select * from known) begun"
                ),
                &[
                    (&subjects(new.username, new.address), Type::TEXT_ARRAY),
                    (&new.account.id.get(), Type::INT8),
                    (&new.account.password_hash, Type::TEXT),
                    (&new.refresh_hash.as_slice(), Type::BYTEA),
                    (&replaced, Type::BYTEA_ARRAY),
                    (&new.kind.as_str(), Type::TEXT),
                ],
            )
            .await?
            .ok_or(ErrorCode::LoginFailed)?;
        let closed = self.drop_connections(&row::get::<Vec<i64>>(&row, "ended_of")?).await?;
        Ok(BegunSession { id: row::id(&row, "id")?, seconds: row::get(&row, "seconds")?, closed })
    }

    /// Fails with `unauthenticated` if the caller's session has ended.
    pub async fn check_session<R>(&self, caller: &Caller<R>) -> Result<(), StoreError> {
        self.as_caller(caller, sql!("with ", caller!(), " select from caller"), &[]).await.map(drop)
    }

    /// The active sessions of the caller's account: its own first, then the latest used, at most 100.
    pub async fn own_sessions<R>(&self, caller: &Caller<R>) -> Result<Vec<SessionSummary>, StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    " select s.id, s.created_at, s.last_used_at, s.id = caller.session_id as current
                      from caller join sessions s on s.account_id = caller.id
                      where s.ended_at is null and s.expires_at > now()
                      order by current desc, s.last_used_at desc, s.id desc limit 100"
                ),
                &[],
            )
            .await?;
        let summary = |row: &Row| {
            Ok(SessionSummary {
                id: row::id(row, "id")?,
                created_at: row::timestamp(row, "created_at")?,
                last_used_at: row::timestamp(row, "last_used_at")?,
                current: row::get(row, "current")?,
            })
        };
        rows.iter().map(summary).collect()
    }

    /// Ends a session of the caller's account; any other id changes nothing. Returns the connections to close.
    pub async fn end_own_session<R>(
        &self,
        caller: &Caller<R>,
        session: SessionId,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", ended as (
                         update sessions s set ended_at = now() from caller
                         where s.id = $3 and s.account_id = caller.id and s.ended_at is null
                         returning s.account_id
                     )
                     select array(select account_id from ended) as ended_of from caller"
                ),
                &[(&session.get(), Type::INT8)],
            )
            .await?;
        self.drop_connections(&row::get::<Vec<i64>>(&rows[0], "ended_of")?).await
    }

    /// Ends the sessions of that kind of account to which the refresh tokens belong, of any generation. Takes the tokens' SHA-256
    /// hashes, and returns the connections to close.
    pub async fn end_sessions(
        &self,
        kind: AccountKind,
        presented: &[[u8; 32]],
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let ended = self
            .rows(
                sql!(
                    "with session as (",
                    sessions_of_tokens!("$1", "$2", "true"),
                    ")
                     update sessions s set ended_at = coalesce(s.ended_at, now())
                     from session where s.id = session.id
                     returning s.account_id"
                ),
                &[(&hashes(presented), Type::BYTEA_ARRAY), (&kind.as_str(), Type::TEXT)],
            )
            .await?;
        let accounts: Vec<i64> =
            ended.iter().map(|row| row::get(row, "account_id")).collect::<Result<_, _>>()?;
        self.drop_connections(&accounts).await
    }

    /// Deletes the connections of the ended sessions of these accounts, and returns them, to be closed. This is a separate statement after
    /// the one that ended the sessions, because that one may have waited for a connection that was being opened, and did not see it.
    pub(crate) async fn drop_connections(&self, accounts: &[i64]) -> Result<Vec<ConnectionId>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        connections(&self.rows(DROP_CONNECTIONS, &[(&accounts, Type::INT8_ARRAY)]).await?)
    }
}

/// Makes the refresh token with the SHA-256 `$2` the only valid one of the session `$1`, after a change of password. Returns the seconds until
/// the session expires, or no row if it has ended.
pub(crate) const REPLACE_TOKENS: &str = sql!(
    "with session as (
         update sessions s
         set generation = s.generation + 1, first_generation = s.generation + 1,
             rotated_at = clock_timestamp(), last_used_at = now(), expires_at = ",
    lives_until!(),
    "    where s.id = $1 and s.ended_at is null
         returning s.id, s.generation, s.expires_at
     ), kept as (
         insert into refresh_tokens (hash, session_id, generation) select $2, id, generation from session
     )
     select ",
    seconds_left!(),
    " as seconds from session"
);

/// Deletes the connections of the ended sessions of the accounts `$1`.
pub(crate) const DROP_CONNECTIONS: &str = "delete from connections c using sessions s
     where c.account_id = any($1) and s.id = c.session_id and s.ended_at is not null
     returning c.id";

pub(crate) fn connections(rows: &[Row]) -> Result<Vec<ConnectionId>, StoreError> {
    rows.iter().map(|row| row::get::<String>(row, "id").map(ConnectionId::from)).collect()
}

/// Hashes as the database takes them.
pub(crate) fn hashes(hashes: &[[u8; 32]]) -> Vec<&[u8]> {
    hashes.iter().map(<[u8; 32]>::as_slice).collect()
}
