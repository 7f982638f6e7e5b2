//! Tickets, and the WebSocket connections that they open.

use chatchat_domain::{AccountId, AnyRole, Caller, ConnectionId, Language, RoomId, RoomPosition};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The state of a connection.
#[derive(Debug)]
pub struct ConnectionState {
    /// The language of error messages.
    pub language: Language,
    /// Whether the session of the connection is active.
    pub is_active: bool,
    /// The error if the connection has sent too many frames.
    pub limit: Option<StoreError>,
}

impl Store {
    /// Returns the first row of a statement with the clause `frame_caller`, and notes its caller.
    /// Fails with `unauthenticated`, or if the connection has sent too many frames.
    pub(crate) fn frame_row<'a>(&self, rows: &'a [Row]) -> Result<&'a Row, StoreError> {
        /// The time in which 40 frames return to the bucket.
        const FULL: f64 = 2.0;
        let first = row::authenticated(rows)?;
        if let Some(account) = row::optional_id(first, "caller_id")? {
            self.note_caller(account, row::id(first, "caller_session")?);
        }
        match row::get::<Option<f64>>(first, "frame_time")? {
            Some(time) if time > 2.0 * FULL => Err(StoreError::Flood),
            Some(time) if time > FULL => Err(StoreError::TooManyRequests(row::seconds(time - FULL))),
            _ => Ok(first),
        }
    }

    /// Stores a ticket of the caller that is valid for `seconds`. `hash` is the ticket's SHA-256.
    /// Fails with [`StoreError::TooManyRequests`].
    pub async fn create_ticket<R>(
        &self,
        caller: &Caller<R>,
        hash: &[u8; 32],
        seconds: i64,
    ) -> Result<(), StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::CREATE_TICKET,
                &[&session(caller), &connection(caller), &hash.as_slice(), &seconds],
            )
            .await?;
        row::token(row::authenticated(&rows)?)
    }

    /// Uses a ticket to open a connection, and returns the connections to close: the oldest ones of
    /// the account beyond its limit. Fails with `unauthenticated` if the ticket is unknown, used or
    /// expired, or if its session has ended. A failed call also uses the ticket up. A repeat with
    /// the same connection succeeds, and returns no connections to close: the first call has deleted
    /// their rows and closes them. If it could not, because its answer was lost, the server rejects
    /// the next frame of such a connection, a heartbeat within minutes, and closes it then. Error
    /// messages on the connection will be in `language`.
    pub async fn connect(
        &self,
        hash: &[u8; 32],
        connection: &ConnectionId,
        language: Language,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let connection = connection.as_str();
        let mut opened = self
            .query(Idempotent, &sql::CONNECT, &[&hash.as_slice(), &connection, &language.as_str()])
            .await?;
        if opened.is_empty() {
            // The first statement may have waited for a concurrent one that opened this same
            // connection. It does not see that row, so a second statement reads the row.
            opened = self.query(Idempotent, &sql::ACCOUNT_OF_CONNECTION, &[&connection]).await?;
        }
        let row = row::authenticated(&opened)?;
        self.note_caller(row::id(row, "account_id")?, row::id(row, "session_id")?);
        row::connection_list(row, "surplus")
    }

    /// Returns the state of the connection that a rejected frame came from. `is_counted` is whether
    /// to count the frame, because no other statement has done so. Fails with `unauthenticated` if
    /// the connection has no row any more.
    pub async fn connection_state(
        &self,
        caller: &Caller<AnyRole>,
        is_counted: bool,
    ) -> Result<ConnectionState, StoreError> {
        let rows = self
            .query(Idempotent, &sql::CONNECTION_STATE, &[&session(caller), &connection(caller), &is_counted])
            .await?;
        let row = row::authenticated(&rows)?;
        let language: &str = row::get(row, "language")?;
        let known = [Language::Korean, Language::English].into_iter().find(|one| one.as_str() == language);
        let language =
            known.ok_or_else(|| StoreError::unexpected(format!("an unknown language: {language}")))?;
        Ok(ConnectionState {
            language,
            is_active: row::get(row, "active")?,
            limit: self.frame_row(&rows).err(),
        })
    }

    /// Deletes the rows of connections for which API Gateway answers 410, unless they are younger
    /// than 30 seconds. API Gateway also answers 410 for a connection whose `$connect` has not
    /// returned yet; without its row, that connection would stay open and receive no pushes.
    pub async fn forget_gone_connections(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let ids: Vec<&str> = connections.iter().map(ConnectionId::as_str).collect();
        self.query(Idempotent, &sql::FORGET_GONE_CONNECTIONS, &[&ids]).await.map(drop)
    }

    /// Deletes the row of a connection that has ended, if there is one.
    pub async fn disconnect(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let rows = self.query(Idempotent, &sql::DISCONNECT, &[&connection.as_str()]).await?;
        if let Some(row) = rows.first() {
            self.note_caller(row::id(row, "account_id")?, row::id(row, "session_id")?);
        }
        Ok(())
    }

    /// Deletes the rows of connections that have ended. Unknown connections are skipped.
    pub async fn forget_connections(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let ids: Vec<&str> = connections.iter().map(ConnectionId::as_str).collect();
        self.query(Idempotent, &sql::FORGET_CONNECTIONS, &[&ids]).await.map(drop)
    }

    /// Returns the caller's account, and the connections of the other side of one of the caller's
    /// rooms, to which `typing` is pushed. There are none if the connection typed in the room less
    /// than 3 seconds ago, or if the caller is blocked. Fails with `room_not_found`.
    pub async fn typing<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
    ) -> Result<(AccountId, Vec<ConnectionId>), StoreError> {
        let rows = self
            .query(Idempotent, &sql::TYPING, &[&session(caller), &connection(caller), &room.get()])
            .await?;
        self.frame_row(&rows)?;
        let row = row::in_room(&rows)?;
        let recipients =
            if row::get(row, "is_relayed")? { row::connection_list(row, "theirs")? } else { Vec::new() };
        Ok((row::id(row, "me")?, recipients))
    }

    /// Stores that the connection is alive. Returns the rooms in which the client's position is
    /// behind the newest seq, with that seq. Rooms of other accounts are skipped.
    pub async fn heartbeat<R>(
        &self,
        caller: &Caller<R>,
        positions: &[RoomPosition],
    ) -> Result<Vec<RoomPosition>, StoreError> {
        let rooms: Vec<i64> = positions.iter().map(|position| position.room_id.get()).collect();
        let last_seqs: Vec<i64> = positions.iter().map(|position| position.last_seq.get()).collect();
        let rows = self
            .query(Idempotent, &sql::HEARTBEAT, &[&session(caller), &connection(caller), &rooms, &last_seqs])
            .await?;
        self.frame_row(&rows)?;
        let mut ahead = Vec::new();
        for row in &rows {
            if let Some(room_id) = row::optional_id(row, "id")? {
                ahead.push(RoomPosition { room_id, last_seq: row::id(row, "last_seq")? });
            }
        }
        Ok(ahead)
    }
}
