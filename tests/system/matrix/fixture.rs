//! The accounts of the matrix and their data: two customers and two companies with a room each, two
//! withdrawn accounts, and the data of each side that the other side must not see or change.

use std::{ops::RangeInclusive, slice};

use chatchat_harness::{Client, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use super::{
    cell_request::CellRequest,
    table::{CALLERS, COMPANY_A, COMPANY_B, CUSTOMER_A, CUSTOMER_B, WITHDRAWN_COMPANY, WITHDRAWN_CUSTOMER},
};
use crate::{World, cookie, message_body, post_message, send_message, withdraw};

/// The callers with an active account: both customers and both companies.
pub(super) const ACTIVE: RangeInclusive<usize> = CUSTOMER_A..=COMPANY_B;

/// The texts that mark the data of side A and of side B, which the other side must not see.
const MARKS: [&str; 2] = ["표식에이", "표식비이"];

/// The names of the customers and of the companies.
pub(super) const CUSTOMERS: [&str; 2] = ["표식에이고객", "표식비이고객"];
pub(super) const COMPANIES: [&str; 2] = ["새벽빵집", "하늘꽃집"];

/// The accounts and their data.
pub(super) struct Fixture {
    pub(super) client: Client,
    pub(super) database: Database,
    /// In the order of [`CALLERS`].
    pub(super) people: [Option<Person>; 7],
    /// The refresh cookies of the withdrawn accounts.
    pub(super) cookies: [Option<String>; 7],
    /// The refresh token of an ended session of a customer.
    pub(super) ended_token: String,
    /// Room R, room S, and the room of customer A' with company A.
    pub(super) rooms: [i64; 3],
    /// An FAQ entry of company A, and one of company B.
    pub(super) entries: [i64; 2],
    /// A hidden company.
    pub(super) hidden: i64,
    /// The URL of a picture of each caller.
    pub(super) pictures: [Option<String>; 7],
    /// The connections of the callers that can connect.
    pub(super) sockets: [Option<Socket>; 7],
    /// The texts of each side that the other side must not see.
    secrets: [Vec<String>; 2],
    /// The query for a hash of all tables.
    hash_of_all_tables: String,
}

/// The side of a caller: 1 for customer B and company B, 0 for all others.
pub(super) fn side(caller: usize) -> usize {
    usize::from(caller == CUSTOMER_B || caller == COMPANY_B)
}

/// Returns the body of a message with a unique text and the mark of a side.
pub(super) fn message(side: usize) -> Value {
    message_body(&format!("{} {}", MARKS[side], Uuid::new_v4()))
}

/// Returns an FAQ entry of a side's company. The entry is public, so it has no mark.
pub(super) fn entry(side: usize) -> Value {
    json!({ "question": "언제 여나요?", "answer": format!("아침 {}시입니다.", 7 + side) })
}

/// Returns the query for a hash of all tables except those of limits.
async fn query_for_hash(database: &Database) -> String {
    let tables = "select string_agg(format(
                      'select %L || count(*) || md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) as h from %I t',
                      tablename, tablename), ' union all ')
                  from pg_tables where schemaname = 'public' and tablename not in ('attempts', 'limits')";
    let each: String = database.query_one(tables, &[]).await.unwrap().get(0);
    format!("select string_agg(h, '; ' order by h) from ({each}) hashes")
}

impl Fixture {
    pub(super) async fn create(world: &World) -> Self {
        let (client, database) = (world.client.clone(), world.database().await);
        // These ids cannot equal a time, a count or another id.
        for (table, first) in
            [("accounts", 5_500_000_001_i64), ("rooms", 7_700_000_001), ("auto_replies", 8_800_000_001)]
        {
            let restart = format!("alter table {table} alter column id restart with {first}");
            database.batch_execute(&restart).await.unwrap();
        }
        let customer = async |name: &str| Person::customer(&client, name).await.unwrap();
        let company = async |name: &str| Person::company(&client, name).await.unwrap();
        let (a, b) = (customer(CUSTOMERS[0]).await, customer(CUSTOMERS[1]).await);
        let (company_a, company_b) = (company(COMPANIES[0]).await, company(COMPANIES[1]).await);
        // Each caller also has a room with one of these, so that each list has two pages.
        let (third, third_company) = (customer("제삼고객").await, company("제삼가게").await);
        third_company.become_visible().await.unwrap();
        let (mut withdrawn, mut withdrawn_company) =
            (customer("표식에이탈퇴").await, company("떠난가게").await);
        let hidden = company("숨은가게").await.id;
        company_a.become_visible().await.unwrap();
        company_b.become_visible().await.unwrap();
        let rooms = [
            a.open_room(&company_a).await.unwrap(),
            b.open_room(&company_b).await.unwrap(),
            withdrawn.open_room(&company_a).await.unwrap(),
        ];
        for (person, room) in [(&a, 0), (&company_a, 0), (&b, 1), (&company_b, 1), (&withdrawn, 2)] {
            post_message(person, rooms[room], &message(room % 2)).await.expect(201).unwrap();
        }
        for person in [&a, &b] {
            person.open_room(&third_company).await.unwrap();
        }
        for company in [&company_a, &company_b] {
            let room = third.open_room(company).await.unwrap();
            send_message(&third, room, "안녕하세요").await.expect(201).unwrap();
        }
        let mut entries = [0; 2];
        for (side, company) in [&company_a, &company_b].into_iter().enumerate() {
            let made = company.post("/company/auto-replies", &entry(side)).await.unwrap();
            entries[side] = made.expect(201).unwrap().body["id"].as_i64().unwrap();
        }
        let mut cookies = [const { None }; 7];
        for (place, person) in
            [(WITHDRAWN_CUSTOMER, &mut withdrawn), (WITHDRAWN_COMPANY, &mut withdrawn_company)]
        {
            cookies[place] = Some(cookie(&person.log_in().await.unwrap()));
            withdraw(person).await.expect(204).unwrap();
        }
        let ended_cookie = cookie(&a.clone().log_in().await.unwrap());
        let ended_token = ended_cookie.split_once('=').unwrap().1.to_owned();
        let out = client.request(Method::DELETE, "/customer/session").header("cookie", &ended_cookie);
        assert_eq!(out.send().await.unwrap().status, 204);
        let of = |mark: &str, ids: &[i64], people: [&Person; 2]| {
            let ids = ids.iter().map(i64::to_string);
            let usernames = people.map(|person| person.username.clone());
            [mark.to_owned()].into_iter().chain(ids).chain(usernames).collect()
        };
        let secrets = [
            of(MARKS[0], &[rooms[0], rooms[2], a.id, withdrawn.id], [&a, &company_a]),
            of(MARKS[1], &[rooms[1], b.id], [&b, &company_b]),
        ];
        let hash_of_all_tables = query_for_hash(&database).await;
        let people = [
            None,
            Some(a),
            Some(b),
            Some(company_a),
            Some(company_b),
            Some(withdrawn),
            Some(withdrawn_company),
        ];
        let (mut sockets, mut pictures) = ([const { None }; 7], [const { None }; 7]);
        for place in ACTIVE {
            let person = people[place].as_ref().unwrap();
            sockets[place] = Some(person.connect().await.unwrap());
            let answer = CellRequest::upload(person.clone(), side(place)).send(&client).await;
            pictures[place] = answer.expect(201).unwrap().body["url"].as_str().map(str::to_owned);
        }
        Self {
            client,
            database,
            people,
            cookies,
            ended_token,
            rooms,
            entries,
            hidden,
            pictures,
            sockets,
            secrets,
            hash_of_all_tables,
        }
    }

    pub(super) fn person(&self, caller: usize) -> &Person {
        self.people[caller].as_ref().unwrap()
    }

    /// Returns the customer and the company of a side.
    pub(super) fn pair(&self, side: usize) -> [&Person; 2] {
        [self.person(CUSTOMER_A + side), self.person(COMPANY_A + side)]
    }

    /// Resets all limits, which other tests cover.
    pub(super) async fn reset_limits(&self) {
        self.database.batch_execute("delete from attempts; delete from limits").await.unwrap();
    }

    /// Returns a hash of all tables except those of limits, or only of the other side's rows.
    pub(super) async fn hash(&self, all_tables: bool, caller: usize) -> String {
        if all_tables {
            return self.database.query_one(&self.hash_of_all_tables, &[]).await.unwrap().get(0);
        }
        let other = 1 - side(caller);
        let ids = self.pair(other).map(|person| person.id).to_vec();
        let all = "select md5(concat(
                       (select string_agg(a::text, ',' order by id) from accounts a where id = any($1)),
                       (select string_agg(c::text, ',' order by account_id) from companies c where account_id = any($1)),
                       (select string_agg(f::text, ',' order by id) from auto_replies f where company_id = any($1)),
                       (select string_agg(s::text, ',' order by id) from sessions s where account_id = any($1)),
                       (select string_agg(r::text, ',' order by id) from rooms r where id = $2),
                       (select string_agg(m::text, ',' order by id) from messages m where room_id = $2)))";
        self.database.query_one(all, &[&ids, &self.rooms[other]]).await.unwrap().get(0)
    }

    /// Asserts that a text that a caller received contains no secret of another side.
    pub(super) fn assert_own(&self, caller: usize, text: &str, place: &str) {
        let foreign = match caller {
            CUSTOMER_A..=COMPANY_B => slice::from_ref(&self.secrets[1 - side(caller)]),
            _ => &self.secrets[..],
        };
        for secret in foreign.iter().flatten() {
            assert!(!text.contains(secret), "{place}: {} must not see {secret}: {text}", CALLERS[caller]);
        }
    }
}
