//! A cell of a route: asks, and holds the answer and the database to the table.

use super::{
    stage::Stage,
    table::{CALLERS, Id, Names, Row, expected},
};

impl Stage {
    /// Gives the answer as far as it may not tell a foreign id from a missing one.
    pub(super) async fn cell(&self, row: &Row, caller: usize, id: Id) -> String {
        let place = format!("{}, {:?} {id:?}, {}", row.0, row.1, CALLERS[caller]);
        let (status, code) = expected(row, caller, id);
        let asked = self.asked(row, caller, id).await;
        // What is refused changes nothing at all; what is done changes nothing of the other side.
        let refused = status >= 400 || !id.is_own();
        let before = self.hash(refused, caller).await;
        let answer = asked.send(&self.client).await;
        let body = answer.body.to_string();
        assert_eq!((answer.status, answer.code()), (status, code), "{place}: {body}");
        assert_eq!(self.hash(refused, caller).await, before, "{place}: it changed something");
        self.assert_own(caller, &body, &place);
        if row.0.ends_with("/chatrooms") && row.0.starts_with("GET") && status == 200 {
            let own = self.room(caller, Id::Own).to_string();
            // A cursor's page is after the page that has the latest room, which may be this one.
            let listed = body.contains(&own) || row.1 == Names::Cursor;
            assert_eq!(listed, id.is_own(), "{place}: the own room is listed: {body}");
        }
        let mut told = answer.body.clone();
        if let Some(told) = told.as_object_mut() {
            told.remove("requestId");
        }
        let headers = ["content-type", "cache-control", "retry-after", "set-cookie"]
            .map(|name| answer.header(name).to_owned());
        format!("{} {told} {headers:?}", answer.status)
    }
}
