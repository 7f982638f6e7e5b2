//! The rooms at the end of a run: in the database, and as each side reads them over HTTP.

use std::collections::BTreeMap;

use chatchat_harness::{Failure, System};

use super::{
    history::{SeenMessage, StoredRoom, View},
    participant::seen,
    stage::Side,
};

/// Reads all rooms from the database.
pub(super) async fn rooms(system: &System) -> Result<BTreeMap<i64, StoredRoom>, Failure> {
    let database = system.superuser().await?;
    let mut rooms: BTreeMap<i64, StoredRoom> = BTreeMap::new();
    let markers = "select id, customer_id, company_id, customer_read_seq, company_read_seq from rooms";
    for row in database.query_typed(markers, &[]).await? {
        let side = |side: &str| {
            (row.get::<_, i64>(&*format!("{side}_id")), row.get::<_, i64>(&*format!("{side}_read_seq")))
        };
        let markers = BTreeMap::from([side("customer"), side("company")]);
        rooms.insert(row.get("id"), StoredRoom { messages: Vec::new(), markers });
    }
    let messages =
        "select m.room_id, m.seq, m.id, m.content, case when m.type = 'general' then m.client_message_id end as name,
                case when m.sender = 'customer' then r.customer_id else r.company_id end as sender
         from messages m join rooms r on r.id = m.room_id order by m.room_id, m.seq";
    for row in database.query_typed(messages, &[]).await? {
        rooms.entry(row.get("room_id")).or_default().messages.push(SeenMessage {
            seq: row.get("seq"),
            id: row.get("id"),
            sender: row.get("sender"),
            content: row.get("content"),
            client_message_id: row.get("name"),
        });
    }
    Ok(rooms)
}

/// Reads the whole history of each room over HTTP, once for each side.
pub(super) async fn as_read_over_http(sides: &[Side]) -> Result<Vec<View>, Failure> {
    let mut views = Vec::new();
    for side in sides {
        let person = side.account.renewed().await?;
        for room in &side.rooms {
            let messages = person.history(*room).await?;
            let shown: Option<Vec<SeenMessage>> = messages.iter().map(seen).collect();
            views.push(View {
                observer: format!("{} over HTTP", side.name),
                room: *room,
                settled: true,
                shown: shown.ok_or("a message lacks a field")?,
                contradicted: Vec::new(),
            });
        }
    }
    Ok(views)
}
