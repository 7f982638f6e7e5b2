//! Sessions: beginning, checking, listing and ending them. `renewal.rs` renews them.

use chatchat_domain::{AccountId, AccountKind, Caller, ConnectionId, ErrorCode, SessionId, SessionSummary};
use tokio_postgres::Row;

use crate::{
    Account, Store, StoreError,
    attempts::subjects,
    row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The parameters of a new session.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// The account, whose password was just verified.
    pub account: &'a Account,
    /// Customer or company.
    pub kind: AccountKind,
    /// A keyed hash of the username in lower case. Its count of login attempts from this network is
    /// reset, and its count from all networks is reduced by one.
    pub username_hash: &'a str,
    /// The address that the request came from. The count of its network is reduced by one.
    pub address: &'a str,
    /// The SHA-256 of the session's first refresh token.
    pub refresh_hash: &'a [u8; 32],
    /// The SHA-256 hashes of the refresh tokens in the cookies that the new cookie replaces.
    pub replaced: &'a [[u8; 32]],
}

/// A new session.
#[derive(Debug)]
pub struct BegunSession {
    /// The session's id.
    pub id: SessionId,
    /// The seconds until the session expires.
    pub seconds: i64,
    /// The connections to close: those of the replaced sessions.
    pub closed: Vec<ConnectionId>,
}

/// The sessions that a logout ended.
#[derive(Debug)]
pub struct EndedSessions {
    /// The sessions with their accounts. More than one if an attacker planted cookies.
    pub sessions: Vec<(AccountId, SessionId)>,
    /// The connections to close.
    pub closed: Vec<ConnectionId>,
}

impl Store {
    /// Begins a session, reduces the counts of attempts, and ends the replaced sessions. Fails with
    /// `login_failed` if the account has withdrawn or changed its password since the password was
    /// verified.
    pub async fn begin_session(&self, new: &NewSession<'_>) -> Result<BegunSession, StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::BEGIN_SESSION,
                &[
                    &subjects(new.username_hash, new.address).as_slice(),
                    &new.account.id.get(),
                    &new.account.password_hash,
                    &new.refresh_hash.as_slice(),
                    &slices(new.replaced),
                    &new.kind.as_str(),
                ],
            )
            .await?;
        let row = rows.first().ok_or(ErrorCode::LoginFailed)?;
        let closed =
            self.delete_connections_of_ended_sessions(&row::get::<Vec<i64>>(row, "ended_of")?).await?;
        Ok(BegunSession { id: row::id(row, "id")?, seconds: row::get(row, "seconds")?, closed })
    }

    /// Fails with `unauthenticated` if the caller's session has ended.
    pub async fn check_session<R>(&self, caller: &Caller<R>) -> Result<(), StoreError> {
        let rows =
            self.query(Idempotent, &sql::CHECK_SESSION, &[&session(caller), &connection(caller)]).await?;
        row::authenticated(&rows).map(drop)
    }

    /// Returns the active sessions of the caller's account: the caller's session, then the others
    /// by latest use. At most 100.
    pub async fn own_sessions<R>(&self, caller: &Caller<R>) -> Result<Vec<SessionSummary>, StoreError> {
        let rows =
            self.query(Idempotent, &sql::OWN_SESSIONS, &[&session(caller), &connection(caller)]).await?;
        row::authenticated(&rows)?;
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

    /// Ends a session of the caller's account; any other id changes nothing. Returns the
    /// connections to close.
    pub async fn end_own_session<R>(
        &self,
        caller: &Caller<R>,
        ended: SessionId,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let rows = self
            .query(Idempotent, &sql::END_OWN_SESSION, &[&session(caller), &connection(caller), &ended.get()])
            .await?;
        let accounts: Vec<i64> = row::get(row::authenticated(&rows)?, "ended_of")?;
        self.delete_connections_of_ended_sessions(&accounts).await
    }

    /// Ends the sessions to which the presented refresh tokens belong, if their accounts are of
    /// `kind`. A token can be of any generation. Takes the tokens' SHA-256 hashes.
    pub async fn end_sessions(
        &self,
        kind: AccountKind,
        presented: &[[u8; 32]],
    ) -> Result<EndedSessions, StoreError> {
        let ended = self.query(Idempotent, &sql::END_SESSIONS, &[&slices(presented), &kind.as_str()]).await?;
        let sessions: Vec<(AccountId, SessionId)> = ended
            .iter()
            .map(|row| Ok((row::id(row, "account_id")?, row::id(row, "id")?)))
            .collect::<Result<_, StoreError>>()?;
        let accounts: Vec<i64> = sessions.iter().map(|(account, _)| account.get()).collect();
        Ok(EndedSessions { closed: self.delete_connections_of_ended_sessions(&accounts).await?, sessions })
    }

    /// Deletes the connections of the ended sessions of these accounts, and returns the connections
    /// to close. The statement that ended the sessions may have waited for a connection that was
    /// being opened. It does not see that connection, so this is a separate statement.
    pub(crate) async fn delete_connections_of_ended_sessions(
        &self,
        accounts: &[i64],
    ) -> Result<Vec<ConnectionId>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        row::connections(
            &self.query(Idempotent, &sql::DELETE_CONNECTIONS_OF_ENDED_SESSIONS, &[&accounts]).await?,
        )
    }
}

/// Returns hashes as a parameter of a statement.
fn slices(hashes: &[[u8; 32]]) -> Vec<&[u8]> {
    hashes.iter().map(<[u8; 32]>::as_slice).collect()
}
