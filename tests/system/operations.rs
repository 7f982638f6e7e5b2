//! The SQL statements in `docs/operations.md` run on this schema.

use std::fs;

use chatchat_harness::root;

use crate::{World, in_own_world};

/// What a statement begins with.
const VERBS: [&str; 8] = ["alter", "create", "delete", "drop", "grant", "insert", "select", "update"];

/// The statements in blocks of SQL and in backticks, in the order of the document. Each ends with a
/// semicolon.
fn statements() -> Vec<String> {
    let document = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let mut texts = Vec::new();
    for (index, part) in document.split("```").enumerate() {
        if index % 2 == 0 {
            texts.extend(
                part.split('`').skip(1).step_by(2).filter(|text| text.ends_with(';')).map(str::to_owned),
            );
        } else if let Some(block) = part.strip_prefix("sql\n") {
            let lines = block.lines().map(|line| line.split("--").next().unwrap());
            texts.push(lines.collect::<Vec<_>>().join(" "));
        }
    }
    texts
        .iter()
        .flat_map(|text| text.split(';'))
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|statement| VERBS.contains(&statement.split(' ').next().unwrap()))
        .collect()
}

/// Puts a value in place of each variable of psql, such as `:id`.
fn with_values(statement: &str) -> String {
    let mut parts = statement.split(" :");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '\''));
        let value = if part.starts_with('\'') { "'x'" } else { "1" };
        text.extend([" ", value, rest]);
    }
    text
}

async fn exists(world: &World, table: &str, name: &str, value: &str) -> bool {
    let query = format!("select from {table} where {name} = $1");
    !world
        .database()
        .await
        .query_typed(&query, &[(&value, tokio_postgres::types::Type::TEXT)])
        .await
        .unwrap()
        .is_empty()
}

/// PostgreSQL has no pgaudit here and, before version 16, not all of the predefined roles. So the
/// statements that need them are left out.
#[test]
fn documented_statements_run_on_this_schema() {
    in_own_world(async |world| {
        let statements = statements();
        assert!(statements.iter().any(|one| one.starts_with("update sessions set ended_at")));
        assert!(statements.iter().any(|one| one.starts_with("create role kim")));
        let database = world.database().await;
        let has_pgaudit = exists(world, "pg_available_extensions", "name", "pgaudit").await;
        let mut ran = 0;
        for statement in statements {
            let role = statement.split_whitespace().find(|word| word.starts_with("pg_use_"));
            let is_unknown = statement.contains("pgaudit") && !has_pgaudit
                || role.is_some() && !exists(world, "pg_roles", "rolname", role.unwrap()).await;
            if is_unknown {
                continue;
            }
            let statement = with_values(&statement);
            let result = database.batch_execute(&statement).await;
            assert!(result.is_ok(), "{statement}: {:?}", result.unwrap_err().as_db_error());
            ran += 1;
        }
        assert!(ran >= 3, "only {ran} statements ran");
    });
}
