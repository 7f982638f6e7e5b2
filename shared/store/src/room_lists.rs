//! The lists of rooms: a page, where the next one begins, and the total of unread messages.

use chatchat_domain::{
    AccountId, Caller, Keyword, Role, RoomFilter, RoomId, RoomPlace, RoomSummary, RoomsLimit,
};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{Store, StoreError, clauses::caller, row, run::Param};

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
        let last_message_at = query.after.map(|place| place.last_message_at);
        let room = query.after.map(|place| place.room.get());
        // One more than the page has, to see whether the list goes on.
        let rows_wanted = query.limit.get() + 1;
        let keyword = query.keyword.as_ref().map_or("", Keyword::as_str);
        let mut params: Vec<Param<'_>> =
            vec![(&last_message_at, Type::TIMESTAMPTZ), (&room, Type::INT8), (&rows_wanted, Type::INT8)];
        if !keyword.is_empty() {
            params.push((&keyword as &(dyn ToSql + Sync), Type::TEXT));
        }
        let statement = statement::<R>(query.filter, !keyword.is_empty());
        let rows = self.as_caller(caller, &statement, &params).await?;

        let unread_total = row::get(&rows[0], "unread_total")?;
        let mut rooms = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(rows.len());
        for row in &rows {
            // An empty list has one row, for the total.
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

/// The statement for a page.
///
/// The index of a list is in the order of the list only within rooms that agree in
/// `<side>_has_unread` and `unanswered`. So a page is merged from up to four ranges of it, and a
/// filter leaves two of them. Each range has an `order by`, without which PostgreSQL does not merge
/// but sorts all rooms.
///
/// A keyword is looked for in the index, which includes the names, and only the rooms that it finds
/// are read.
fn statement<R: Role>(filter: Option<RoomFilter>, by_name: bool) -> String {
    let (mine, theirs) = (R::KIND.as_str(), R::KIND.other().as_str());
    let shown = format!(
        "r.id, r.last_message, r.last_message_at, r.last_seq,
         case when r.last_message_by_customer then r.customer_id else r.company_id end as last_message_sender_id,
         r.{mine}_unread as unread, r.{theirs}_id as receiver_id, r.{theirs}_name as receiver_name,
         r.{theirs}_picture_key as picture_key, r.closed_at is not null as closed"
    );
    let (found, named, listed, read) = if by_name {
        let named = format!("and position(lower(normalize($6)) in r.{theirs}_search_name) > 0");
        (
            "r.id, r.last_message_at",
            named,
            shown.as_str(),
            "found on true left join rooms r on r.id = found.id",
        )
    } else {
        (shown.as_str(), String::new(), "r.*", "r on true")
    };
    let ranges: Vec<String> = [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .filter(|(unread, unanswered)| match filter {
            None => true,
            Some(RoomFilter::Unread) => *unread,
            Some(RoomFilter::Unanswered) => *unanswered,
        })
        .map(|(unread, unanswered)| {
            format!(
                "(select {found} from rooms r
                  where r.{mine}_id = caller.id and r.{mine}_has_unread = {unread} and r.unanswered = {unanswered}
                    and (r.last_message_at, r.id) < (coalesce($3, 'infinity'), coalesce($4, 9223372036854775807))
                    {named}
                  order by r.last_message_at desc, r.id desc limit $5)"
            )
        })
        .collect();
    format!(
        "with {caller}, unread as materialized (
             select coalesce(sum(r.{mine}_unread), 0)::bigint as total
             from caller join rooms r on r.{mine}_id = caller.id and r.{mine}_unread > 0
         )
         select unread.total as unread_total, {listed}
         from caller cross join unread
         left join lateral ({ranges} order by last_message_at desc, id desc limit $5) {read}
         order by r.last_message_at desc, r.id desc",
        caller = caller!(),
        ranges = ranges.join(" union all "),
    )
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
    })
}
