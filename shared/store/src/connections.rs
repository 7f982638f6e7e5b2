//! Tickets, and the WebSocket connections that they open.

use chatchat_domain::{AccountId, Caller, ConnectionId, ErrorCode, Recipients, RoomId, RoomPosition};
use tokio_postgres::types::{ToSql, Type};

use crate::{
    Store, StoreError,
    clauses::{caller, recipients, room, sql},
    row,
};

impl Store {
    /// Keeps a ticket of the caller. `hash` is the ticket's SHA-256.
    pub async fn create_ticket<R>(
        &self,
        caller: &Caller<R>,
        hash: &[u8; 32],
        seconds: i64,
    ) -> Result<(), StoreError> {
        self.as_caller(
            caller,
            sql!(
                "with ",
                caller!(),
                " insert into tickets (hash, session_id, expires_at)
                  select $3, session_id, now() + $4 * interval '1 second' from caller
                  on conflict (hash) do update set expires_at = excluded.expires_at
                  returning session_id"
            ),
            &[(&hash.as_slice(), Type::BYTEA), (&seconds, Type::INT8)],
        )
        .await
        .map(drop)
    }

    /// Spends a ticket on a connection. A ticket that is unknown, used or expired, or whose session has ended, gets
    /// `unauthenticated`; it is spent all the same. A connection that was opened already gets the same answer again.
    pub async fn connect(&self, hash: &[u8; 32], connection: &ConnectionId) -> Result<AccountId, StoreError> {
        let params: [(&(dyn ToSql + Sync), Type); 2] =
            [(&hash.as_slice(), Type::BYTEA), (&connection.as_str(), Type::TEXT)];
        let opened = self
            .row(
                "with spent as (
                     delete from tickets where hash = $1 returning session_id, expires_at
                 ), session as (
                     -- Locked, so that whatever ends it either waits and finds the connection, or came first.
                     select s.id, s.account_id
                     from spent join sessions s on s.id = spent.session_id
                     where spent.expires_at > now()
                       and s.ended_at is null and s.expires_at > now()
                     for share of s
                 )
                 insert into connections (id, session_id, account_id)
                 select $2, id, account_id from session
                 returning account_id",
                &params,
            )
            .await?;
        let row = match opened {
            Some(row) => row,
            // A statement of its own: the first may have waited for the one that opened this very connection, and did not see it.
            None => self
                .row("select account_id from connections where id = $1", &params[1..])
                .await?
                .ok_or(ErrorCode::Unauthenticated)?,
        };
        row::id(&row, "account_id")
    }

    /// Deletes the rows of connections for which API Gateway answers 410, unless they are younger
    /// than 30 seconds. API Gateway also answers 410 for a connection whose `$connect` has not
    /// returned yet; without its row, that connection would stay open and receive no pushes.
    pub async fn forget_gone_connections(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let ids: Vec<&str> = connections.iter().map(ConnectionId::as_str).collect();
        self.rows(
            "delete from connections where id = any($1) and connected_at < now() - interval '30 seconds'",
            &[(&ids, Type::TEXT_ARRAY)],
        )
        .await
        .map(drop)
    }

    /// Deletes the rows of connections that have ended. Unknown connections are skipped.
    pub async fn forget_connections(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let ids: Vec<&str> = connections.iter().map(ConnectionId::as_str).collect();
        self.rows("delete from connections where id = any($1)", &[(&ids, Type::TEXT_ARRAY)]).await.map(drop)
    }

    /// Whom to tell that the caller types in one of its rooms. Refuses with `room_not_found`.
    pub async fn typing<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
    ) -> Result<(AccountId, Recipients), StoreError> {
        let rows = self
            .in_room(
                caller,
                room,
                sql!(
                    "with ",
                    caller!(),
                    ", ",
                    room!(),
                    " select room.id as room_id, room.me, ",
                    recipients!(),
                    " from caller left join room on true"
                ),
                &[],
            )
            .await?;
        Ok((row::id(&rows[0], "me")?, row::recipients(&rows[0])?))
    }

    /// Notes that the connection lives, and tells which of the rooms are ahead of what its client says it has. Rooms
    /// that are not the caller's are passed over.
    pub async fn heartbeat<R>(
        &self,
        caller: &Caller<R>,
        said: &[RoomPosition],
    ) -> Result<Vec<RoomPosition>, StoreError> {
        let rooms: Vec<i64> = said.iter().map(|position| position.room_id.get()).collect();
        let seqs: Vec<i64> = said.iter().map(|position| position.last_seq.get()).collect();
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", seen as (
                         update connections c set seen_at = now() from caller where c.id = $2
                     )
                     select r.id, r.last_seq
                     from caller
                     left join unnest($3, $4) as said (room_id, last_seq) on true
                     left join rooms r on r.id = said.room_id and r.last_seq > said.last_seq
                         and caller.id in (r.customer_id, r.company_id)"
                ),
                &[(&rooms, Type::INT8_ARRAY), (&seqs, Type::INT8_ARRAY)],
            )
            .await?;
        let mut ahead = Vec::new();
        for row in &rows {
            if let Some(room_id) = row::optional_id(row, "id")? {
                ahead.push(RoomPosition { room_id, last_seq: row::id(row, "last_seq")? });
            }
        }
        Ok(ahead)
    }
}
