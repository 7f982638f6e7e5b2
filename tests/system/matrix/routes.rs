//! A cell of a route: sends its request, and compares the answer and the database with the table.

use super::{
    fixture::Fixture,
    table::{CALLERS, Id, Row, Subject, expected},
};

impl Fixture {
    /// Checks a cell. Returns the parts of the answer that must be the same for a foreign and an
    /// unknown id.
    pub(super) async fn cell(&self, row: &Row, caller: usize, id: Id) -> String {
        let place = format!("{}, {:?} {id:?}, {}", row.0, row.1, CALLERS[caller]);
        let (status, code) = expected(row, caller, id);
        let request = self.request(row, caller, id).await;
        // A refused request changes nothing. A successful request changes nothing of the other
        // side.
        let refused = status >= 400 || !id.is_own();
        let before = self.hash(refused, caller).await;
        let answer = request.send(&self.client).await;
        let body = answer.body.to_string();
        assert_eq!((answer.status, answer.code()), (status, code), "{place}: {body}");
        assert_eq!(self.hash(refused, caller).await, before, "{place}: it changed something");
        self.assert_own(caller, &body, &place);
        if row.0.ends_with("/chatrooms") && row.0.starts_with("GET") && status == 200 {
            let own = self.room(caller, Id::Own).to_string();
            // The page of a cursor follows the page with the latest room, which can be this room.
            let listed = body.contains(&own) || row.1 == Subject::Cursor;
            assert_eq!(listed, id.is_own(), "{place}: whether the caller's room is listed: {body}");
        }
        let mut comparable = answer.body.clone();
        if let Some(fields) = comparable.as_object_mut() {
            fields.remove("requestId");
        }
        let headers = ["content-type", "cache-control", "retry-after", "set-cookie"]
            .map(|name| answer.header(name).to_owned());
        format!("{} {comparable} {headers:?}", answer.status)
    }
}
