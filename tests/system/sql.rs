//! Every SQL statement against the migrated schema: it is valid, and it finds its rows by an index.

use std::collections::BTreeSet;

use chatchat_store::{STATEMENTS, Statement};
use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage, types::Type};

use crate::{in_own_world, in_world};

/// Enough rows in each table that an index is cheaper than a sequential scan.
const ROWS: &str = "
    insert into accounts (kind, username, password_hash, name)
    select case when i % 2 = 0 then 'customer' else 'company' end, 'account' || i, '$argon2id$', 'name' || i
    from generate_series(1, 20000) i;

    insert into companies (account_id, visible) select id, true from accounts where kind = 'company';
    insert into auto_replies (company_id, question, answer) select account_id, 'Open?', 'Yes.' from companies;
    insert into pictures (account_id, key)
    select id, 'profile/' || encode(sha256(id::text::bytea), 'hex') || '.jpg' from accounts;

    insert into sessions (account_id, expires_at) select id, now() + interval '14 days' from accounts;
    insert into refresh_tokens (hash, session_id, generation) select sha256(id::text::bytea), id, 1 from sessions;
    insert into tickets (hash, session_id, expires_at)
    select sha256(id::text::bytea), id, now() + interval '1 minute' from sessions;
    insert into connections (id, session_id, account_id) select 'connection' || id, id, account_id from sessions;
    insert into attempts (subject, count, since) select 'username ' || username, 1, now() from accounts;
    insert into consents (account_id, document, version) select id, 'terms', '2026-11-27' from accounts;
    insert into limits (subject, full_at) select 'messages ' || id, now() from sessions;

    insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at, customer_sent, company_sent)
    select customer.id, company.id, 2, 'Hello', now(), 1, 1
    from accounts customer join accounts company on company.id = customer.id - 1
    where customer.kind = 'customer' and company.kind = 'company';
    insert into messages
        (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
    select id, 1, 'customer', 'general', 'Hello', gen_random_uuid(), now(), 1, 0 from rooms
    union all
    select id, 2, 'company', 'general', 'Hello', gen_random_uuid(), now(), 1, 1 from rooms;

    analyze;
    set plan_cache_mode = force_generic_plan;";

/// The statements that read whole tables or indexes, with the tables and the reason.
const ALLOWED: &[(&str, &[&str], &str)] = &[
    (
        "dead_connections",
        &["connections", "sessions"],
        "The sweep reads the open connections every few minutes.",
    ),
    (
        "delete_full_limits",
        &["limits"],
        "The sweep reads the limits every few minutes. Each message would have to change an index.",
    ),
    ("list_companies", &["companies"], "The total counts all visible companies."),
    ("search_companies", &["companies", "accounts"], "A keyword can stand anywhere in a name."),
];

#[test]
fn every_statement_fits_the_schema() {
    in_world(|world| async {
        let database = world.database().await;
        for Statement { name, types, text } in STATEMENTS {
            if let Err(error) = database.prepare_typed(text, types).await {
                panic!("{name}: {error:?}\n{text}");
            }
        }
    });
}

#[test]
fn no_statement_reads_a_whole_table_that_grows() {
    in_own_world(async |world| {
        let database = world.database().await;
        database.batch_execute(ROWS).await.unwrap();
        for statement in STATEMENTS {
            let plan = generic_plan(&database, statement).await;
            let read: BTreeSet<&str> = tables_read_whole(&plan).into_iter().collect();
            let allowed = ALLOWED.iter().find(|(name, ..)| *name == statement.name);
            let allowed: BTreeSet<&str> =
                allowed.into_iter().flat_map(|(_, tables, _)| *tables).copied().collect();
            assert_eq!(read, allowed, "{}: {plan:#}", statement.name);
        }
    });
}

/// The plan for any parameters.
async fn generic_plan(database: &Client, Statement { types, text, .. }: &Statement) -> Value {
    let list =
        |items: Vec<&str>| if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) };
    let (types, nulls) = (list(types.iter().map(Type::name).collect()), list(vec!["null"; types.len()]));
    let explain = format!(
        "deallocate all; prepare statement {types} as {text}; explain (format json) execute statement {nulls}"
    );
    let answers = database.simple_query(&explain).await.unwrap();
    let plan = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(plan.unwrap()).unwrap()
}

/// The tables that a plan reads from the first row to the last: in sequence, or by an index without
/// a condition.
fn tables_read_whole(plan: &Value) -> Vec<&str> {
    match plan {
        Value::Array(nodes) => nodes.iter().flat_map(tables_read_whole).collect(),
        Value::Object(node) => {
            let whole = match node.get("Node Type").and_then(Value::as_str) {
                Some("Seq Scan") => true,
                Some("Index Scan" | "Index Only Scan") => !node.contains_key("Index Cond"),
                _ => false,
            };
            let table = node.get("Relation Name").and_then(Value::as_str).filter(|_| whole);
            table.into_iter().chain(node.values().flat_map(tables_read_whole)).collect()
        }
        _ => Vec::new(),
    }
}
