//! What the lists and the histories cost, in milliseconds and in buffers of PostgreSQL.

use std::time::Instant;

use chatchat_tests::{Client, Failure, Person};
use reqwest::Method;
use serde_json::Value;
use tokio_postgres::Client as Database;

use super::{median, milliseconds};

/// Fills the database and prints a line for each read.
pub async fn reads(client: &Client, database: &Database) -> Result<(), Failure> {
    let company = Person::company(client, "새벽빵집").await?;
    company.become_visible().await?;
    let customer = Person::customer(client, "김하늘").await?;
    let deep = customer.open_room(&company).await?;
    println!("filling the database; about a minute");
    fill(database, customer.id, deep).await?;

    println!("{:<58} {:>9} {:>9}   aim", "", "p50 ms", "buffers");
    let newest =
        row(client, database, &customer, "newest page of 200,000", &customer.room(deep), "≤ 10 buffers")
            .await?;
    let path = format!("{}?page=10000", customer.room(deep));
    let deepest = row(client, database, &customer, "page 10,000 of 200,000", &path, "≤ 10 buffers").await?;
    println!("{:<58} {:>8.2}×             ≤ 1.2 ×", "  deepest page against the newest", deepest / newest);
    let path = format!("{}/messages?before=1000", customer.room(deep));
    row(client, database, &customer, "history before seq 1,000 of 200,000", &path, "≤ 10 buffers").await?;
    row(
        client,
        database,
        &customer,
        "first page of 200 rooms of 1,000 messages",
        "/customer/chatrooms",
        "≤ 40 buffers",
    )
    .await?;
    row(client, database, &customer, "last page of them", "/customer/chatrooms?page=20", "").await?;
    row(client, database, &customer, "directory: first page of 100,000", "/companies", "").await?;
    let path = "/companies?keyword=%EB%B9%B5%EC%A7%91%2099"; // 빵집 99
    row(client, database, &customer, "directory: a keyword that 1 in 90 has", path, "").await?;
    row(client, database, &customer, "directory: a keyword that none has", "/companies?keyword=nothing", "")
        .await?;
    Ok(())
}

/// Measures one path, warm, and prints its line. Gives the median in seconds.
async fn row(
    client: &Client,
    database: &Database,
    person: &Person,
    what: &str,
    path: &str,
    aim: &str,
) -> Result<f64, Failure> {
    const TRIES: i64 = 50;
    let mut times = Vec::new();
    for _ in 0..10 {
        person.get(path).await?.expect(200)?;
    }
    database.batch_execute("select pg_stat_statements_reset()").await?;
    for _ in 0..TRIES {
        let started = Instant::now();
        client.call(Method::GET, path, Some(&person.token), &Value::Null).await?.expect(200)?;
        times.push(started.elapsed());
    }
    let used = "select coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint as buffers from pg_stat_statements s
                join pg_roles r on r.oid = s.userid
                where r.rolname = 'chatchat' and dbid = (select oid from pg_database where datname = current_database())";
    let buffers: i64 = database.query_typed_one(used, &[]).await?.get("buffers");
    let median = median(&mut times);
    println!("{what:<58} {:>9.2} {:>9}   {aim}", milliseconds(median), buffers / TRIES);
    Ok(median.as_secs_f64())
}

/// Makes what `reads` looks at, in SQL, as the product's own statements would have left it.
async fn fill(database: &Database, customer: i64, deep: i64) -> Result<(), Failure> {
    database
        .batch_execute(&format!(
            "create extension if not exists pg_stat_statements;
             with made as (
                 insert into accounts (kind, username, password_hash, name)
                 select 'company', 'company' || n, '$argon2id$', '빵집 ' || n from generate_series(1, 100000) n
                 returning id
             )
             insert into companies (account_id, description, visible) select id, '매일 새벽에 굽습니다.', true from made;

             insert into messages (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             select {deep}, n, case when n % 2 = 0 then 'customer' else 'company' end, 'general', '메시지 ' || n,
                    gen_random_uuid(), now(), n / 2, (n - 1) / 2
             from generate_series(2, 200000) n;
             update rooms set last_seq = 200000, customer_sent = 100000, company_sent = 99999 where id = {deep};

             with made as (
                 insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at, customer_sent, company_sent)
                 select {customer}, account_id, 1000, '마지막 메시지', now() - account_id * interval '1 second', 500, 499
                 from companies order by account_id desc limit 199
                 returning id
             )
             insert into messages (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             select id, n, case when n % 2 = 0 then 'customer' else 'company' end, case when n = 1 then 'auto' else 'general' end,
                    '메시지 ' || n, gen_random_uuid(), now(), n / 2, (n - 1) / 2
             from made, generate_series(1, 1000) n;
             update accounts set room_count = 200 where id = {customer};"
        ))
        .await?;
    Ok(database.batch_execute("vacuum analyze").await?)
}
