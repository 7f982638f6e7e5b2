//! The functions' role in the database: it can run every statement of the functions, and nothing
//! else.

use std::collections::BTreeSet;

use chatchat_store::{GRANTS, STATEMENTS, Statement};
use tokio_postgres::{Client, Error, NoTls, types::Type};

use crate::{World, in_own_world, in_world};

/// A connection as the functions' role.
async fn as_functions(world: &World) -> Client {
    let functions = world.system.functions_database().unwrap();
    let (client, connection) = tokio_postgres::connect(&functions.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Plans a statement, for which PostgreSQL checks its privileges.
async fn explain(client: &Client, Statement { types, text, .. }: &Statement) -> Result<(), Error> {
    let list =
        |items: Vec<&str>| if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) };
    let (types, nulls) = (list(types.iter().map(Type::name).collect()), list(vec!["null"; types.len()]));
    let explain = format!(
        "deallocate all; prepare statement {types} as {text}; explain execute statement {nulls}; deallocate all"
    );
    client.batch_execute(&explain).await
}

fn is_denied(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "42501")
}

#[test]
fn functions_role_can_run_every_statement() {
    in_world(|world| async move {
        let client = as_functions(world).await;
        let mut denied = Vec::new();
        for statement in STATEMENTS {
            if let Err(error) = explain(&client, statement).await {
                denied.push(format!("{}: {}", statement.name, error.as_db_error().unwrap().message()));
            }
        }
        assert_eq!(denied, [""; 0]);
    });
}

#[test]
fn every_table_has_a_decision() {
    in_world(|world| async move {
        let tables = "select relname::text from pg_class where relnamespace = 'public'::regnamespace
                      and relkind in ('r', 'p', 'v', 'm', 'f') and relname not like 'pg_stat_statements%'";
        let rows = world.database().await.query(tables, &[]).await.unwrap();
        let tables: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let decided = GRANTS.iter().map(|(table, _)| (*table).to_owned()).collect();
        assert_eq!(tables, decided, "GRANTS in shared/store/src/role.rs lists every table");
    });
}

/// The privileges that only a trigger needs, which runs with those of the functions' role.
const NEEDED_BY_TRIGGERS: [(&str, &str); 1] = [("pictures", "update")];

/// Without one of its privileges, the role cannot run one of the statements.
#[test]
fn functions_role_has_no_privilege_that_no_statement_needs() {
    in_own_world(async |world| {
        let database = world.database().await;
        let role = world.system.functions_database().unwrap().user;
        for (table, privileges) in GRANTS.iter().filter(|(_, privileges)| !privileges.is_empty()) {
            for privilege in privileges.split(", ") {
                if NEEDED_BY_TRIGGERS.contains(&(*table, privilege)) {
                    continue;
                }
                let mut is_needed = false;
                for statement in STATEMENTS.iter().filter(|statement| statement.text.contains(table)) {
                    let without =
                        format!("begin; revoke {privilege} on {table} from {role}; set local role {role}");
                    database.batch_execute(&without).await.unwrap();
                    is_needed = explain(&database, statement).await.is_err_and(|error| is_denied(&error));
                    database.batch_execute("rollback; deallocate all").await.unwrap();
                    if is_needed {
                        break;
                    }
                }
                assert!(is_needed, "no statement needs {privilege} on {table}");
            }
        }
    });
}

#[test]
fn functions_role_can_do_nothing_else() {
    in_own_world(async |world| {
        let database = world.database().await;
        database.batch_execute("create schema other; create table other.things ()").await.unwrap();
        let owner = &world.system.database.user;
        let client = as_functions(world).await;
        let mut attempts = [
            "create table mine ()",
            "create temporary table mine ()",
            "create schema mine",
            "create function mine() returns int language sql return 1",
            "create role mine",
            "select from refinery_schema_history",
            "select from pg_authid",
            "select from other.things",
            "copy accounts to program 'cat'",
            "copy (select 1) to '/tmp/chatchat'",
            "select pg_read_file('/etc/passwd')",
            "select pg_reload_conf()",
            "set session_replication_role = replica",
        ]
        .map(str::to_owned)
        .to_vec();
        attempts.push(format!("set role {owner}"));
        attempts.push(format!("alter role {owner} password 'mine'"));
        attempts.push("alter role current_user connection limit -1".to_owned());
        attempts.push("alter role current_user createdb".to_owned());
        for (table, privileges) in GRANTS {
            for (privilege, attempt) in [
                ("select", format!("select from {table}")),
                ("insert", format!("insert into {table} select * from {table} limit 0")),
                ("update", format!("select from {table} for update")),
                ("delete", format!("delete from {table} where false")),
            ] {
                if !privileges.contains(privilege) {
                    attempts.push(attempt);
                }
            }
            attempts.push(format!("truncate {table}"));
            attempts.push(format!("drop table {table}"));
            attempts.push(format!("alter table {table} add column mine int"));
            attempts.push(format!("create index on {table} ((1))"));
        }
        for attempt in attempts {
            let refused = client.batch_execute(&format!("begin; {attempt}; commit")).await;
            client.batch_execute("rollback").await.unwrap();
            assert!(refused.as_ref().is_err_and(is_denied), "{attempt}: {refused:?}");
        }

        let role =
            "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls, rolconnlimit,
                           current_setting('max_connections')::int,
                           (select count(*) from pg_auth_members where member = r.oid)
                    from pg_roles r where rolname = current_user";
        let row = client.query_one(role, &[]).await.unwrap();
        assert!(!row.get::<_, bool>(0), "the role has no attribute but LOGIN");
        assert_eq!(row.get::<_, i32>(1), row.get::<_, i32>(2) - 10, "ten connections are for others");
        assert_eq!(row.get::<_, i64>(3), 0, "the role is in no other role");
    });
}
