//! Renewing a session with its refresh token, and detecting replayed tokens.
//!
//! A session has a chain of refresh tokens, numbered by generation; the database stores their
//! hashes. Presenting the newest generation *n* adds its successor *n* + 1, which is derived from
//! it by a keyed hash. Presenting generation *g*:
//!
//! | the token | state | what happens |
//! |---|---|---|
//! | *g* = *n* | current | its successor is added and returned |
//! | *g* = *n* − 1 | repeated | its successor, the newest token, was not presented yet and is returned again. A response was lost, or two tabs renew at the same time |
//! | *g* = *n* − 2, and *n* was added within the last 10 seconds | repeated | its successor was presented within the last 10 seconds and is returned again |
//! | from before the last change of password | invalid | nothing. Within 10 seconds after the change the state is superseded, and the client is asked to retry: another tab of the browser is receiving the new cookie |
//! | any other | replayed | two clients have tokens of the session, so the session ends |
//!
//! A request carries several tokens only if an attacker planted cookies. Such an attacker cannot
//! end a session unless the attacker has one of its tokens, and cannot move the user into the
//! attacker's session:
//!
//! - Tokens of unknown, ended and expired sessions and of the other kind of account are ignored.
//! - If several tokens belong to one session, only the newest counts. An older one is then not a
//!   replay.
//! - A replay ends only its own session, and does not prevent the renewal of another session.
//! - Current and repeated tokens of several sessions of one account renew the session that began
//!   last. The others stay unchanged.
//! - Current and repeated tokens of several accounts renew no session, because the server cannot
//!   tell which one the user means.

use chatchat_domain::{AccountId, AccountKind, ConnectionId, SessionId};
use tokio_postgres::Row;

use crate::{Store, StoreError, row, run::Idempotence::Idempotent, sql};

/// A refresh token that a client presents, and its successor, as SHA-256 hashes.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The presented token.
    pub presented: [u8; 32],
    /// The successor, which is stored if the presented token is current.
    pub successor: [u8; 32],
}

/// The result of presenting refresh tokens.
#[derive(Debug)]
pub struct Renewal {
    /// The outcome, which determines the response.
    pub outcome: RenewalOutcome,
    /// The sessions that ended because one of their tokens was replayed.
    pub replayed: Vec<(AccountId, SessionId)>,
    /// The connections to close: those of the sessions that ended.
    pub closed: Vec<ConnectionId>,
}

/// The outcome of presenting refresh tokens, which determines the response.
#[derive(Debug)]
pub enum RenewalOutcome {
    /// A session was renewed.
    Renewed {
        /// The account of the session.
        account: AccountId,
        /// The session's id.
        session: SessionId,
        /// The SHA-256 of the successor of the presented token. It differs from the offered one if
        /// the token is repeated and the first renewal used another key.
        successor: [u8; 32],
        /// The seconds until the session expires.
        seconds: i64,
    },
    /// The tokens belong to sessions of several accounts.
    Conflict,
    /// The session was renewed too often: [`StoreError::TooManyRequests`].
    Limited(StoreError),
    /// The token was valid until the password changed, at most 10 seconds ago.
    Superseded,
    /// No token is valid.
    Invalid,
}

impl Store {
    /// Renews the session of a presented refresh token, and ends the sessions whose tokens are
    /// replayed.
    pub async fn renew_session(&self, kind: AccountKind, offers: &[Offer]) -> Result<Renewal, StoreError> {
        let presented: Vec<&[u8]> = offers.iter().map(|offer| offer.presented.as_slice()).collect();
        let successors: Vec<&[u8]> = offers.iter().map(|offer| offer.successor.as_slice()).collect();
        let rows =
            self.query(Idempotent, &sql::RENEW_SESSION, &[&presented, &successors, &kind.as_str()]).await?;
        let (mut states, mut renewed, mut limit) = (Vec::new(), None, Ok(()));
        let mut replayed: Vec<(AccountId, SessionId)> = Vec::new();
        for row in &rows {
            let state: &str = row::get(row, "state")?;
            if state == "replayed" {
                replayed.push((row::id(row, "account_id")?, row::id(row, "id")?));
            }
            limit = row::token(row);
            if let Some(seconds) = row::get(row, "seconds")? {
                renewed = Some((row, seconds));
            }
            states.push(state);
        }
        let outcome = match (renewed, limit) {
            (Some((row, seconds)), _) => RenewalOutcome::Renewed {
                account: row::id(row, "account_id")?,
                session: row::id(row, "id")?,
                successor: self.successor(row).await?,
                seconds,
            },
            (None, Err(error)) => RenewalOutcome::Limited(error),
            (None, Ok(())) if states.iter().any(|state| ["current", "repeated"].contains(state)) => {
                RenewalOutcome::Conflict
            }
            (None, Ok(())) if states.contains(&"superseded") => RenewalOutcome::Superseded,
            (None, Ok(())) => RenewalOutcome::Invalid,
        };
        let accounts: Vec<i64> = replayed.iter().map(|(account, _)| account.get()).collect();
        Ok(Renewal { outcome, replayed, closed: self.delete_connections_of_ended_sessions(&accounts).await? })
    }

    /// Returns the successor of the token in a row of `renew_session`. The successor of a repeated
    /// token is read by a second statement, because the renewal that added the successor may have
    /// been committed after the first statement began.
    async fn successor(&self, renewed: &Row) -> Result<[u8; 32], StoreError> {
        let hash: Vec<u8> = if row::get::<&str>(renewed, "state")? == "current" {
            row::get(renewed, "successor")?
        } else {
            let session: i64 = row::get(renewed, "id")?;
            let generation = row::get::<i64>(renewed, "presented")? + 1;
            let rows = self.query(Idempotent, &sql::REFRESH_TOKEN, &[&session, &generation]).await?;
            let missing = || StoreError::unexpected("the newest refresh token of a session is missing");
            row::get(rows.first().ok_or_else(missing)?, "hash")?
        };
        hash.try_into()
            .map_err(|_| StoreError::unexpected("the hash of a refresh token does not have 32 bytes"))
    }
}
