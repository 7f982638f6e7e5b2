//! Renewing a session with its refresh token, and detecting replayed tokens.
//!
//! A session has a chain of refresh tokens, numbered by generation; the database stores their hashes. Presenting the newest generation *n*
//! adds its successor *n* + 1, which is derived from it by a keyed hash. Presenting generation *g*:
//!
//! | the token | state | what happens |
//! |---|---|---|
//! | *g* = *n* | current | its successor is added and returned |
//! | *g* = *n* − 1 | repeated | its successor, the newest token, was not presented yet and is returned again. A response was lost, or two tabs renew at the same time |
//! | *g* = *n* − 2, and *n* was added within the last 10 seconds | repeated | its successor was presented within the last 10 seconds and is returned again |
//! | from before the last change of password | invalid | nothing. Within 10 seconds after the change the state is superseded, and the client is asked to retry: another tab of the browser is receiving the new cookie |
//! | any other | replayed | two clients have tokens of the session, so it ends |
//!
//! A request carries several tokens only if an attacker planted cookies. Such an attacker can neither end a session without having one of
//! its tokens, nor move a user into a session of theirs:
//!
//! - Tokens of unknown, ended and expired sessions and of the other kind of account are ignored.
//! - Of several tokens of one session the newest counts. So an old token beside it is not a replay.
//! - A replay ends its own session only, and does not prevent the renewal of another.
//! - Current and repeated tokens of several sessions of one account renew the session that began last. The others stay unchanged.
//! - Current and repeated tokens of several accounts renew no session, because the server cannot tell which one the user means.

use chatchat_domain::{AccountId, AccountKind, ConnectionId, SessionId};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError,
    clauses::{lives_until, seconds_left, sql},
    row,
};

/// A refresh token that a client presents, and the token that would follow it, as SHA-256 hashes.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The presented token.
    pub presented: [u8; 32],
    /// Its successor, which is stored if the token is current.
    pub successor: [u8; 32],
}

/// The result of presenting refresh tokens.
#[derive(Debug)]
pub struct Renewal {
    /// How the request is answered.
    pub outcome: RenewalOutcome,
    /// The sessions that ended because one of their tokens was replayed.
    pub replayed: Vec<(AccountId, SessionId)>,
    /// The connections to close: those of the sessions that ended.
    pub closed: Vec<ConnectionId>,
}

/// How a request that presents refresh tokens is answered.
#[derive(Debug)]
pub enum RenewalOutcome {
    /// A session was renewed.
    Renewed {
        /// The account of the session.
        account: AccountId,
        /// The session.
        session: SessionId,
        /// The SHA-256 of the successor of the presented token. It differs from the offered one if the token is repeated and the first
        /// renewal used another key.
        successor: [u8; 32],
        /// The seconds until the session expires.
        seconds: i64,
    },
    /// The tokens belong to sessions of several accounts.
    Conflict,
    /// The token was valid until the password changed, at most 10 seconds ago.
    Superseded,
    /// No token is valid.
    Invalid,
}

/// Takes the presented tokens `$1`, their successors `$2` and the kind of account `$3`. Returns a row for each active session to which a
/// token belongs; `seconds` is null unless the session is renewed.
///
/// The locks on the sessions' rows order concurrent renewals. A renewal that waits for a lock sees the generation that the other one added.
const RENEW: &str = sql!(
    "with presented as (
         select distinct on (t.session_id) t.session_id, t.generation, offered.successor
         from unnest($1, $2) as offered (hash, successor) join refresh_tokens t on t.hash = offered.hash
         order by t.session_id, t.generation desc
     ), session as (
         select s.id, s.account_id, p.generation as presented, p.successor,
                case
                    when p.generation < s.first_generation and s.generation = s.first_generation
                        and s.rotated_at > clock_timestamp() - interval '10 seconds' then 'superseded'
                    when p.generation < s.first_generation then 'invalid'
                    when p.generation = s.generation then 'current'
                    when p.generation = s.generation - 1 then 'repeated'
                    when p.generation = s.generation - 2
                        and s.rotated_at > clock_timestamp() - interval '10 seconds' then 'repeated'
                    else 'replayed'
                end as state
         from presented p join sessions s on s.id = p.session_id join accounts a on a.id = s.account_id
         where a.kind = $3 and s.ended_at is null and s.expires_at > now()
           and s.created_at > now() - interval '90 days'
         order by s.id for no key update of s
     ), valid as (
         select * from session where state in ('current', 'repeated')
     ), chosen as (
         select * from valid where (select count(distinct account_id) from valid) = 1 order by id desc limit 1
     ), renewed as (
         update sessions s
         set generation = case chosen.state when 'current' then s.generation + 1 else s.generation end,
             rotated_at = case chosen.state when 'current' then clock_timestamp() else s.rotated_at end,
             last_used_at = now(), expires_at = ",
    lives_until!(),
    "    from chosen where s.id = chosen.id
         returning s.id, s.expires_at
     ), kept as (
         insert into refresh_tokens (hash, session_id, generation)
         select successor, id, presented + 1 from chosen where state = 'current'
     ), ended as (
         update sessions s set ended_at = now() from session where s.id = session.id and session.state = 'replayed'
     )
     select session.id, session.account_id, session.state, session.presented, session.successor, ",
    seconds_left!(),
    " as seconds
     from session left join renewed on renewed.id = session.id"
);

impl Store {
    /// Renews the session of a presented refresh token, and ends the sessions whose tokens are replayed.
    pub async fn renew_session(&self, kind: AccountKind, offers: &[Offer]) -> Result<Renewal, StoreError> {
        let presented: Vec<&[u8]> = offers.iter().map(|offer| offer.presented.as_slice()).collect();
        let successors: Vec<&[u8]> = offers.iter().map(|offer| offer.successor.as_slice()).collect();
        let params = [
            (&presented as _, Type::BYTEA_ARRAY),
            (&successors as _, Type::BYTEA_ARRAY),
            (&kind.as_str() as _, Type::TEXT),
        ];
        let rows = self.rows(RENEW, &params).await?;
        let (mut states, mut renewed) = (Vec::new(), None);
        let mut replayed: Vec<(AccountId, SessionId)> = Vec::new();
        for row in &rows {
            let state: &str = row::get(row, "state")?;
            if state == "replayed" {
                replayed.push((row::id(row, "account_id")?, row::id(row, "id")?));
            }
            if let Some(seconds) = row::get(row, "seconds")? {
                renewed = Some((row, seconds));
            }
            states.push(state);
        }
        let outcome = match renewed {
            Some((row, seconds)) => RenewalOutcome::Renewed {
                account: row::id(row, "account_id")?,
                session: row::id(row, "id")?,
                successor: self.successor(row).await?,
                seconds,
            },
            None if states.iter().any(|state| ["current", "repeated"].contains(state)) => {
                RenewalOutcome::Conflict
            }
            None if states.contains(&"superseded") => RenewalOutcome::Superseded,
            None => RenewalOutcome::Invalid,
        };
        let accounts: Vec<i64> = replayed.iter().map(|(account, _)| account.get()).collect();
        Ok(Renewal { outcome, replayed, closed: self.drop_connections(&accounts).await? })
    }

    /// The successor of the token that a row of [`RENEW`] renewed. For a repeated token it is read by a second statement, because the
    /// renewal that added it may have been committed after the first statement began.
    async fn successor(&self, renewed: &Row) -> Result<[u8; 32], StoreError> {
        let hash: Vec<u8> = if row::get::<&str>(renewed, "state")? == "current" {
            row::get(renewed, "successor")?
        } else {
            let session: i64 = row::get(renewed, "id")?;
            let generation = row::get::<i64>(renewed, "presented")? + 1;
            let kept = self
                .row(
                    "select hash from refresh_tokens where session_id = $1 and generation = $2",
                    &[(&session, Type::INT8), (&generation, Type::INT8)],
                )
                .await?
                .ok_or_else(|| StoreError::unexpected("the newest refresh token of a session is missing"))?;
            row::get(&kept, "hash")?
        };
        hash.try_into().map_err(|_| StoreError::unexpected("the hash of a refresh token has not 32 bytes"))
    }
}
