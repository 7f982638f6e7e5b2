//! Forged and damaged access tokens, refresh cookies and tickets: all are rejected and change
//! nothing.

mod access_tokens;
mod forger;
mod refresh_cookies;
mod tickets;

use chatchat_harness::{Answer, Person};
use tokio_postgres::Client as Database;

use crate::cookie;

/// The refresh token that an answer sets.
fn refresh_token(answer: &Answer) -> String {
    cookie(answer).split_once('=').unwrap().1.to_owned()
}

async fn end_sessions(database: &Database, person: &Person) {
    let end = "update sessions set ended_at = now() where account_id = $1";
    database.execute(end, &[&person.id]).await.unwrap();
}

/// A hash of an account's rows: account, sessions, refresh tokens, tickets, connections.
async fn account_hash(database: &Database, person: &Person) -> String {
    let all = "select md5(concat(
                   (select a::text from accounts a where id = $1),
                   (select string_agg(s::text, ',' order by id) from sessions s where account_id = $1),
                   (select string_agg(r::text, ',' order by hash) from refresh_tokens r join sessions s on s.id = r.session_id where s.account_id = $1),
                   (select string_agg(t::text, ',' order by hash) from tickets t join sessions s on s.id = t.session_id where s.account_id = $1),
                   (select string_agg(c::text, ',' order by id) from connections c where account_id = $1)))";
    database.query_one(all, &[&person.id]).await.unwrap().get(0)
}
