//! The clauses that statements share: who calls, and which room of theirs.

use chatchat_domain::{Caller, ConnectionId, ErrorCode, RoomId, SessionId};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError, row,
    run::{Param, Repeat},
};

/// `$1` of the clause `caller`.
pub(crate) fn session<R>(caller: &Caller<R>) -> Option<i64> {
    caller.session().map(SessionId::get)
}

/// `$2` of the clause `caller`.
pub(crate) fn connection<R>(caller: &Caller<R>) -> Option<&str> {
    caller.connection().map(ConnectionId::as_str)
}

/// Makes a statement's text of literals and clauses at compile time.
macro_rules! sql {
    ($($part:expr),+ $(,)?) => { concat!($($part),+) };
}

/// `caller(id, session_id)`: one row while the session lives, else none. The sessions of an account that withdraws are ended with it.
/// `$1` is the session's id, or null where `$2` is a connection's.
macro_rules! caller {
    () => {
        "caller as (
             select s.account_id as id, s.id as session_id
             from sessions s
             where s.id = coalesce($1, (select c.session_id from connections c where c.id = $2))
               and s.ended_at is null and s.expires_at > now()
         )"
    };
}

/// The time at which the session `s` expires if it is used now: in 14 days, which is how long its cookie lasts, but at most 90 days after the
/// login.
macro_rules! lives_until {
    () => {
        "least(now() + interval '14 days', s.created_at + interval '90 days') "
    };
}

/// The seconds until `expires_at`, rounded up, so that an active session has at least one.
macro_rules! seconds_left {
    () => {
        "ceil(extract(epoch from expires_at - now()))::int8"
    };
}

/// `room(…, me, side, other, closed)`: the columns of the room `$3`, if the caller is on one of its sides, else none. Comes after `caller`.
macro_rules! room {
    () => {
        "room as (
             select r.*, caller.id as me, r.closed_at is not null as closed,
                    case when r.customer_id = caller.id then 'customer' else 'company' end as side,
                    case when r.customer_id = caller.id then r.company_id else r.customer_id end as other
             from caller join rooms r on r.id = $3 and caller.id in (r.customer_id, r.company_id)
         )"
    };
}

/// `company(id)`: the company `$3` if the caller, or nobody, may see it: a visible one for everybody, a hidden one for itself and
/// for customers that have a room with it, one that has withdrawn for nobody. Comes after `caller`.
macro_rules! company {
    () => {
        "company as (
             select c.account_id as id
             from companies c join accounts a on a.id = c.account_id
             where c.account_id = $3 and a.withdrawn_at is null and (
                 c.visible
                 or c.account_id = (select id from caller)
                 or exists (
                     select from rooms r
                     where r.customer_id = (select id from caller) and r.company_id = c.account_id))
         )"
    };
}

/// The columns `own` and `theirs`: the open connections of the two sides of `room`, of sessions that have neither ended nor expired, without
/// the connection `$2`. Of an account with more than 1,000 connections they are the newest 1,000, which bounds the cost of a send.
macro_rules! recipients {
    () => {
        "array(select c.id from connections c join sessions s on s.id = c.session_id
               where c.account_id = room.me and c.id is distinct from $2 and s.ended_at is null and s.expires_at > now()
               order by c.connected_at desc limit 1000) as own,
         array(select c.id from connections c join sessions s on s.id = c.session_id
               where c.account_id = room.other and s.ended_at is null and s.expires_at > now()
               order by c.connected_at desc limit 1000) as theirs"
    };
}

/// The columns `sender_name` and `picture_key`: of the account on the side that `$side` names.
macro_rules! sender {
    ($side:literal) => {
        concat!(
            "case ",
            $side,
            " when 'customer' then room.customer_name else room.company_name end as sender_name,
             case ",
            $side,
            " when 'customer' then room.customer_picture_key else room.company_picture_key end as picture_key"
        )
    };
}

pub(crate) use {caller, company, lives_until, recipients, room, seconds_left, sender, sql};

impl Store {
    /// Runs a statement that gives no row where the clause `caller` has none, and that does no harm twice; its own parameters begin
    /// with `$3`. Gives at least one row, or refuses with `unauthenticated`.
    pub(crate) async fn as_caller<R>(
        &self,
        caller: &Caller<R>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.run_as_caller(Repeat::Harmless, caller, sql, params).await
    }

    /// The same, for statements that may do harm twice.
    pub(crate) async fn run_as_caller<R>(
        &self,
        repeat: Repeat,
        caller: &Caller<R>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let (session, connection) = (session(caller), connection(caller));
        let mut all: Vec<Param<'_>> = vec![(&session, Type::INT8), (&connection, Type::TEXT)];
        all.extend_from_slice(params);
        let rows = self.run(repeat, sql, &all).await?;
        if rows.is_empty() { Err(ErrorCode::Unauthenticated.into()) } else { Ok(rows) }
    }

    /// The same for a statement with the clause `room` and a column `room_id` from it; its own parameters begin with `$4`.
    /// Refuses with `room_not_found` too.
    pub(crate) async fn in_room<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let room = room.get();
        let mut all: Vec<Param<'_>> = vec![(&room, Type::INT8)];
        all.extend_from_slice(params);
        let rows = self.as_caller(caller, sql, &all).await?;
        row::optional_id::<RoomId>(&rows[0], "room_id")?.ok_or(ErrorCode::RoomNotFound)?;
        Ok(rows)
    }
}
