//! The stage: two pairs with a room each, two who have left, and what nobody on one side may see or change of the other.

use std::{ops::RangeInclusive, slice};

use chatchat_tests::{Client, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use super::{
    requests::Asked,
    table::{A, B, CALLERS, COMPANY_A, COMPANY_B, GONE, GONE_COMPANY},
};
use crate::{World, cookie, withdraw};

/// Those whose accounts live, A, B, company A and company B.
pub(super) const LIVING: RangeInclusive<usize> = A..=COMPANY_B;

/// Stands in whatever is A's and company A's alone, and B's and company B's.
const MARKS: [&str; 2] = ["표식에이", "표식비이"];

/// The names of A and B, and of company A and company B.
pub(super) const CUSTOMERS: [&str; 2] = ["표식에이고객", "표식비이고객"];
pub(super) const COMPANIES: [&str; 2] = ["새벽빵집", "하늘꽃집"];

/// Two pairs with a room each, two who have left, and all that they have.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) database: Database,
    /// In the order of [`CALLERS`].
    pub(super) people: [Option<Person>; 7],
    /// The refresh cookies of those who have left.
    pub(super) cookies: [Option<String>; 7],
    /// The refresh token of an ended session of a customer.
    pub(super) ended_token: String,
    /// R, S, and the room of A' with company A.
    pub(super) rooms: [i64; 3],
    /// One of company A, one of company B.
    pub(super) entries: [i64; 2],
    /// A company that is hidden.
    pub(super) hidden: i64,
    /// A picture of each caller.
    pub(super) pictures: [Option<String>; 7],
    /// The connections of those who can have one.
    pub(super) sockets: [Option<Socket>; 7],
    /// What nobody on the one side may see of the other: by pair.
    secrets: [Vec<String>; 2],
    /// Asks for a hash of all tables.
    everything: String,
}

/// 0 for what belongs to A and company A, 1 for B and company B.
pub(super) fn side(caller: usize) -> usize {
    usize::from(caller == B || caller == COMPANY_B)
}

/// A message with a text that nothing else has, marked as its side's.
pub(super) fn message(side: usize) -> Value {
    let text = format!("{} {}", MARKS[side], Uuid::new_v4());
    json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": text })
}

/// An entry of a side's company, which is public.
pub(super) fn entry(side: usize) -> Value {
    json!({ "question": "언제 여나요?", "answer": format!("아침 {}시입니다.", 7 + side) })
}

/// The statement that gives a hash of all tables but the attempts to log in.
async fn hash_of_all_tables(database: &Database) -> String {
    let tables = "select string_agg(format(
                      'select %L || count(*) || md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) as h from %I t',
                      tablename, tablename), ' union all ')
                  from pg_tables where schemaname = 'public' and tablename <> 'attempts'";
    let each: String = database.query_one(tables, &[]).await.unwrap().get(0);
    format!("select string_agg(h, '; ' order by h) from ({each}) hashes")
}

impl Stage {
    pub(super) async fn set(world: &World) -> Self {
        let (client, database) = (world.client.clone(), world.database().await);
        // Numbers that no time, count or other id can be mistaken for.
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
        // Everyone has a room with one of these too, so that every list has two pages.
        let (third, third_company) = (customer("제삼고객").await, company("제삼가게").await);
        third_company.become_visible().await.unwrap();
        let (mut gone, mut gone_company) = (customer("표식에이탈퇴").await, company("떠난가게").await);
        let hidden = company("숨은가게").await.id;
        company_a.become_visible().await.unwrap();
        company_b.become_visible().await.unwrap();
        let rooms = [
            a.open_room(&company_a).await.unwrap(),
            b.open_room(&company_b).await.unwrap(),
            gone.open_room(&company_a).await.unwrap(),
        ];
        for (person, room) in [(&a, 0), (&company_a, 0), (&b, 1), (&company_b, 1), (&gone, 2)] {
            let path = format!("{}/messages", person.room(rooms[room]));
            person.post(&path, &message(room % 2)).await.unwrap().expect(201).unwrap();
        }
        for person in [&a, &b] {
            person.open_room(&third_company).await.unwrap();
        }
        for company in [&company_a, &company_b] {
            let room = third.open_room(company).await.unwrap();
            let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "안녕하세요" });
            let sent = third.post(&format!("{}/messages", third.room(room)), &body).await.unwrap();
            sent.expect(201).unwrap();
        }
        let mut entries = [0; 2];
        for (side, company) in [&company_a, &company_b].into_iter().enumerate() {
            let made = company.post("/company/auto-replies", &entry(side)).await.unwrap();
            entries[side] = made.expect(201).unwrap().body["id"].as_i64().unwrap();
        }
        let mut cookies = [const { None }; 7];
        for (place, person) in [(GONE, &mut gone), (GONE_COMPANY, &mut gone_company)] {
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
            of(MARKS[0], &[rooms[0], rooms[2], a.id, gone.id], [&a, &company_a]),
            of(MARKS[1], &[rooms[1], b.id], [&b, &company_b]),
        ];
        let everything = hash_of_all_tables(&database).await;
        let people =
            [None, Some(a), Some(b), Some(company_a), Some(company_b), Some(gone), Some(gone_company)];
        let (mut sockets, mut pictures) = ([const { None }; 7], [const { None }; 7]);
        for place in LIVING {
            let person = people[place].as_ref().unwrap();
            sockets[place] = Some(person.connect().await.unwrap());
            let answer = Asked::upload(person.clone(), side(place)).send(&client).await;
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
            everything,
        }
    }

    pub(super) fn person(&self, caller: usize) -> &Person {
        self.people[caller].as_ref().unwrap()
    }

    /// The customer and the company of a side.
    pub(super) fn pair(&self, side: usize) -> [&Person; 2] {
        [self.person(A + side), self.person(COMPANY_A + side)]
    }

    /// A hash of everything in the database, but the attempts to log in; or of what belongs to the other side.
    pub(super) async fn hash(&self, everything: bool, caller: usize) -> String {
        if everything {
            return self.database.query_one(&self.everything, &[]).await.unwrap().get(0);
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

    /// Fails where a text that a caller got has something of somebody else.
    pub(super) fn assert_own(&self, caller: usize, text: &str, place: &str) {
        let foreign = match caller {
            A..=COMPANY_B => slice::from_ref(&self.secrets[1 - side(caller)]),
            _ => &self.secrets[..],
        };
        for secret in foreign.iter().flatten() {
            assert!(!text.contains(secret), "{place}: {secret} is not for {}: {text}", CALLERS[caller]);
        }
    }
}
