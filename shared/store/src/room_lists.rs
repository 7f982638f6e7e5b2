//! The lists of rooms: a page, the place where the next page begins, and the total of unread
//! messages.

use chatchat_domain::{
    AccountId, Caller, Keyword, Role, RoomFilter, RoomId, RoomPlace, RoomSummary, RoomsLimit,
};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// Which part of a list to read.
#[derive(Debug)]
pub struct RoomQuery {
    /// The place after which the page begins; `None` for the first page.
    pub after: Option<RoomPlace>,
    /// How many rooms to return at most.
    pub limit: RoomsLimit,
    /// Only these rooms.
    pub filter: Option<RoomFilter>,
    /// Only rooms whose other side has this in its name, regardless of case; an empty keyword finds
    /// all.
    pub keyword: Option<Keyword>,
}

/// A page of a list.
#[derive(Debug)]
pub struct RoomPage {
    /// The rooms, latest first.
    pub rooms: Vec<RoomSummary>,
    /// The place of the page's last room, if the list goes on after it.
    pub next: Option<RoomPlace>,
    /// How many messages the caller has not read, in all rooms of its list.
    pub unread_total: i64,
}

impl Store {
    /// A page of the caller's rooms. A company's list has the rooms in which a person has typed.
    pub async fn rooms<R: Role>(
        &self,
        caller: &Caller<R>,
        query: &RoomQuery,
    ) -> Result<RoomPage, StoreError> {
        let (session, connection) = (session(caller), connection(caller));
        let after_time = query.after.map(|place| place.last_message_at);
        let after = query.after.map(|place| place.room.get());
        // One more than the page has, to see whether the list goes on.
        let limit = query.limit.get() + 1;
        let rows = match query.keyword.as_ref().map_or("", Keyword::as_str) {
            "" => {
                let list = match query.filter {
                    None => sql::LIST_ROOMS,
                    Some(RoomFilter::Unread) => sql::LIST_UNREAD_ROOMS,
                    Some(RoomFilter::Unanswered) => sql::LIST_UNANSWERED_ROOMS,
                };
                self.query(Idempotent, list.of::<R>(), &[&session, &connection, &after_time, &after, &limit])
                    .await?
            }
            keyword => {
                let search = match query.filter {
                    None => sql::SEARCH_ROOMS,
                    Some(RoomFilter::Unread) => sql::SEARCH_UNREAD_ROOMS,
                    Some(RoomFilter::Unanswered) => sql::SEARCH_UNANSWERED_ROOMS,
                };
                self.query(
                    Idempotent,
                    search.of::<R>(),
                    &[&session, &connection, &after_time, &after, &limit, &keyword],
                )
                .await?
            }
        };

        let unread_total = row::get(row::authenticated(&rows)?, "unread_total")?;
        let mut rooms = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(rows.len());
        for row in &rows {
            // A list without rooms has one row, for the total.
            if let Some(room) = row::optional_id(row, "id")? {
                rooms.push(summary(row, room)?);
                places.push(RoomPlace { last_message_at: row::get(row, "last_message_at")?, room });
            }
        }
        let limit = usize::try_from(query.limit.get()).map_err(StoreError::unexpected)?;
        let next = if rooms.len() > limit { places.get(limit - 1).copied() } else { None };
        rooms.truncate(limit);
        Ok(RoomPage { rooms, next, unread_total })
    }
}

fn summary(row: &Row, id: RoomId) -> Result<RoomSummary, StoreError> {
    Ok(RoomSummary {
        id,
        receiver: row::receiver(row)?,
        last_message: row::get(row, "last_message")?,
        last_message_sender_id: row::id::<AccountId>(row, "last_message_sender_id")?,
        last_message_date: row::timestamp(row, "last_message_at")?,
        last_seq: row::id(row, "last_seq")?,
        unread_message_count: row::get(row, "unread")?,
        blocked: row::get(row, "blocked")?,
    })
}
