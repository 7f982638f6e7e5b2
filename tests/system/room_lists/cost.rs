//! The number of buffers that PostgreSQL reads for a page of a list does not depend on the length
//! of the list.

use chatchat_harness::Person;
use tokio_postgres::Client as Database;

use super::list;
use crate::{block_on, client_of, database, start_system};

/// Adds 3,000 rooms to the company and 199 to the customer, in random order and with unread
/// messages.
async fn fill(database: &Database, customer: i64, company: i64) {
    let fill = format!(
        "insert into accounts (kind, username, password_hash, name)
         select 'customer', 'customer' || n, '$argon2id$', '고객 ' || n from generate_series(1, 3000) n;
         with made as (
             insert into accounts (kind, username, password_hash, name)
             select 'company', 'company' || n, '$argon2id$', '빵집 ' || n from generate_series(1, 199) n returning id
         )
         insert into companies (account_id) select id from made;
         insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at, customer_sent, company_sent, unanswered)
         select customer, company, 1000, '안녕하세요', now() - random() * interval '300 days', 1 + n % 9, 1 + n % 9, n % 20 = 0
         from (
             select id as customer, {company} as company, id as n from accounts where kind = 'customer'
             union all
             select {customer}, account_id, account_id from companies where account_id <> {company}
             order by 1
         ) wanted
         order by random();
         create extension if not exists pg_stat_statements;"
    );
    database.batch_execute(&fill).await.unwrap();
    database.batch_execute("vacuum analyze").await.unwrap();
}

/// Returns the number of buffers that PostgreSQL reads for a page.
async fn buffers(database: &Database, person: &Person, query: &str) -> i64 {
    // The first call starts the process and opens its connection, so it is not measured.
    list(person, query).await;
    database.batch_execute("select pg_stat_statements_reset()").await.unwrap();
    list(person, query).await;
    let used = "select sum(s.shared_blks_hit + s.shared_blks_read)::bigint
                from pg_stat_statements s join pg_roles r on r.oid = s.userid
                where r.rolname = current_database() || '_functions' and s.dbid = (select oid from pg_database where datname = current_database())";
    database.query_one(used, &[]).await.unwrap().get(0)
}

#[test]
fn page_cost_does_not_depend_on_the_length_of_the_list() {
    block_on(|| async {
        let system = start_system().await;
        let client = client_of(&system);
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        let database = database(&system).await;
        fill(&database, customer.id, company.id).await;
        for (person, limit) in [(&customer, 40), (&company, 60)] {
            let next = list(person, "limit=50").await["next"].as_str().unwrap().to_owned();
            for query in ["", "filter=unread", "filter=unanswered", &format!("cursor={next}")] {
                let used = buffers(&database, person, query).await;
                assert!(used <= limit, "{used} buffers for {query:?} of a {}", person.kind);
            }
        }
        // No room has this name, so PostgreSQL reads all names from the index.
        let used = buffers(&database, &company, "keyword=없는이름").await;
        assert!(used <= 80, "{used} buffers for a keyword");
        system.stop().await;
    });
}
