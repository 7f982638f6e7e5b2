//! Measures lists and histories, in milliseconds and in PostgreSQL buffers.

use std::time::Instant;

use chatchat_harness::{Client, Failure, Person};
use reqwest::Method;
use serde_json::Value;
use tokio_postgres::Client as Database;

use super::times::{median, milliseconds};

/// Fills the database with test data and prints a line for each read.
pub async fn reads(client: &Client, database: &Database) -> Result<(), Failure> {
    let company = Person::company(client, "새벽빵집").await?;
    company.become_visible().await?;
    let customer = Person::customer(client, "김하늘").await?;
    let deep = customer.open_room(&company).await?;
    println!("filling the database (about a minute)");
    fill(database, &customer, &company, deep).await?;

    let bench = Bench { client, database };
    println!("{:<58} {:>9} {:>9}   target", "", "p50 ms", "buffers");
    let newest =
        bench.row(&customer, "newest of 200,000 messages", &customer.room(deep), "≤ 10 buffers").await?;
    let history = format!("{}/messages?before=", customer.room(deep));
    let path = format!("{history}21");
    let deepest = bench.row(&customer, "oldest of 200,000 messages", &path, "≤ 10 buffers").await?;
    println!("{:<58} {:>8.2}×             ≤ 1.2 ×", "  oldest compared with newest", deepest / newest);
    let path = format!("{history}1000");
    bench.row(&customer, "history before seq 1,000 of 200,000", &path, "≤ 10 buffers").await?;
    bench.list(&customer, "200 rooms", ["구름빵집", "빵집", "없음"], "≤ 40 buffers").await?;
    bench.list(&company, "10,000 rooms", ["구름이 77", "하늘", "없음"], "≤ 120 buffers").await?;
    bench.row(&customer, "directory: first page of 100,000", "/companies", "").await?;
    let path = "/companies?keyword=빵집 99";
    bench.row(&customer, "directory: keyword in 1 of 90 names", path, "").await?;
    bench.row(&customer, "directory: keyword in no name", "/companies?keyword=nothing", "").await?;
    Ok(())
}

/// The system that is measured.
struct Bench<'a> {
    client: &'a Client,
    database: &'a Database,
}

impl Bench<'_> {
    /// Measures an account's list of rooms. The three keywords occur in few names, in many names,
    /// and in no name.
    async fn list(
        &self,
        person: &Person,
        rooms: &str,
        keywords: [&str; 3],
        target: &str,
    ) -> Result<(), Failure> {
        let path = format!("/{}/chatrooms", person.kind);
        let deep = last_cursor(person, &path).await?;
        let [few, many, none] = keywords;
        for (what, query) in [
            ("first page", String::new()),
            ("first page of 50", "?limit=50".to_owned()),
            ("last page", format!("?cursor={deep}")),
            ("unread", "?filter=unread".to_owned()),
            ("unanswered", "?filter=unanswered".to_owned()),
            ("keyword in many names", format!("?keyword={many}")),
            ("keyword in few names", format!("?keyword={few}")),
            ("keyword in no name", format!("?keyword={none}")),
            ("unanswered, keyword in many names", format!("?filter=unanswered&keyword={many}")),
        ] {
            self.row(person, &format!("{rooms}: {what}"), &format!("{path}{query}"), target).await?;
        }
        Ok(())
    }
}

/// Returns the cursor of the last page of a list.
async fn last_cursor(person: &Person, path: &str) -> Result<String, Failure> {
    let mut cursor = String::new();
    loop {
        let query = if cursor.is_empty() { String::new() } else { format!("?cursor={cursor}") };
        let page = person.get(&format!("{path}{query}")).await?.expect(200)?;
        match page.body["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(cursor),
        }
    }
}

impl Bench<'_> {
    /// Measures one path after ten requests to warm up, and prints its line. Returns the median in
    /// seconds.
    async fn row(&self, person: &Person, what: &str, path: &str, target: &str) -> Result<f64, Failure> {
        const TRIES: i64 = 50;
        let mut times = Vec::new();
        for _ in 0..10 {
            person.get(path).await?.expect(200)?;
        }
        self.database.batch_execute("select pg_stat_statements_reset()").await?;
        for _ in 0..TRIES {
            let started = Instant::now();
            self.client.call(Method::GET, path, Some(&person.token), &Value::Null).await?.expect(200)?;
            times.push(started.elapsed());
        }
        let used = "select coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint as buffers from pg_stat_statements s
                    join pg_roles r on r.oid = s.userid
                    where r.rolname = current_database() || '_functions' and dbid = (select oid from pg_database where datname = current_database())";
        let buffers: i64 = self.database.query_typed_one(used, &[]).await?.get("buffers");
        let median = median(&mut times);
        println!("{what:<58} {:>9.2} {:>9}   {target}", milliseconds(median), buffers / TRIES);
        Ok(median.as_secs_f64())
    }
}

/// Creates the test data with SQL, in the same state as the product's statements would leave them.
/// The rooms of a list are spread over the table; all have unread messages, and 1 in 20 is
/// unanswered.
async fn fill(database: &Database, customer: &Person, company: &Person, deep: i64) -> Result<(), Failure> {
    let (customer, company) = (customer.id, company.id);
    database
        .batch_execute(&format!(
            "create extension if not exists pg_stat_statements;
             with made as (
                 insert into accounts (kind, username, password_hash, name)
                 select 'company', 'company' || n, '$argon2id$', case when n % 2500 = 0 then '구름빵집 ' else '빵집 ' end || n
                 from generate_series(1, 100000) n
                 returning id
             )
             insert into companies (account_id, description, visible) select id, '매일 새벽에 굽습니다.', true from made;
             insert into accounts (kind, username, password_hash, name)
             select 'customer', 'customer' || n, '$argon2id$', (array['하늘이 ', '바다 ', '구름이 ', '나무 '])[1 + n % 4] || n
             from generate_series(1, 9999) n;

             insert into messages (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             select {deep}, n, case when n % 2 = 0 then 'customer' else 'company' end, 'general', '메시지 ' || n,
                    gen_random_uuid(), now(), n / 2, (n - 1) / 2
             from generate_series(2, 200000) n;
             update rooms set last_seq = 200000, customer_sent = 100000, company_sent = 99999, last_message_by_customer = true, unanswered = true
             where id = {deep};

             create temp table wanted as
             select {customer} as customer, account_id as company from companies where account_id <> {company} and account_id % 500 = 0 limit 199;
             insert into wanted select id, {company} from accounts where kind = 'customer' and id <> {customer};
             insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at, customer_sent, company_sent,
                                customer_read_seq, customer_read_count, company_read_seq, company_read_count, last_message_by_customer, unanswered)
             select customer, company, 1000, '마지막 메시지', now() - random() * interval '300 days', 500, 499,
                    900, 499 - read, 900, 500 - read, unanswered, unanswered
             from (select *, 1 + (random() * 49)::int as read, random() < 0.05 as unanswered from wanted order by random()) shuffled;
             insert into messages (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             select id, n, case when n % 2 = 0 then 'customer' else 'company' end, case when n = 1 then 'auto' else 'general' end,
                    '메시지 ' || n, gen_random_uuid(), now(), n / 2, (n - 1) / 2
             from rooms, generate_series(1, 1000) n where customer_id = {customer} and id <> {deep};"
        ))
        .await?;
    Ok(database.batch_execute("vacuum analyze").await?)
}
