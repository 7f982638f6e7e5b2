//! The function `Migrate` on an empty database, with slow migrations.

use tokio::join;

use crate::{World, end_processes, eventually, in_own_world};

/// Empties the database, and makes each statement that changes the schema take 50 ms. The server's
/// time limits are shorter than all migrations together, as those of RDS are.
async fn empty_slow_database(world: &World) {
    let sql = format!(
        "drop schema public cascade;
         create schema public authorization pg_database_owner;
         create schema slow;
         create function slow.slow() returns event_trigger language plpgsql as
             'begin perform pg_sleep(0.05); end';
         create event trigger slow on ddl_command_start execute function slow.slow();
         alter database {name} set statement_timeout = '1s';
         alter database {name} set idle_in_transaction_session_timeout = '1s';",
        name = world.system.database.name
    );
    world.database().await.batch_execute(&sql).await.unwrap();
    // Connects again, with the time limits.
    end_processes(&world.system, "Migrate").await;
}

async fn applied(world: &World) -> i64 {
    let database = world.database().await;
    let table = "select count(*) from pg_class where relname = 'refinery_schema_history'";
    if database.query_one(table, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        return 0;
    }
    let count = "select count(*) from refinery_schema_history";
    database.query_one(count, &[]).await.unwrap().get(0)
}

fn count(response: &serde_json::Value) -> usize {
    response["applied"].as_array().unwrap().len()
}

#[test]
fn two_concurrent_calls_of_migrate_apply_each_migration_once() {
    in_own_world(async |world| {
        let all = applied(world).await;
        empty_slow_database(world).await;
        let (first, second) = join!(world.system.migrate(), world.system.migrate());
        let mut counts = [count(&first.unwrap()), count(&second.unwrap())];
        counts.sort_unstable();
        assert_eq!(counts, [0, usize::try_from(all).unwrap()]);
    });
}

#[test]
fn killed_migrate_is_continued_by_the_next_call() {
    in_own_world(async |world| {
        let all = applied(world).await;
        empty_slow_database(world).await;
        let killing = async {
            eventually("some migrations are applied", async || applied(world).await >= 2).await;
            end_processes(&world.system, "Migrate").await;
        };
        let (killed, ()) = join!(world.system.migrate(), killing);
        assert!(killed.is_err(), "{killed:?}");
        let before = applied(world).await;
        assert!((2..all).contains(&before), "{before} of {all} were applied before the end");
        let rest = world.system.migrate().await.unwrap();
        assert_eq!((applied(world).await, i64::try_from(count(&rest)).unwrap()), (all, all - before));
    });
}

#[test]
fn failed_migration_reports_the_error_of_the_database() {
    in_own_world(async |world| {
        empty_slow_database(world).await;
        let refuse = "create or replace function slow.slow() returns event_trigger language plpgsql as
                      $$ begin raise 'the disk is full'; end $$";
        // The owner of an event trigger may change its function although the trigger exists.
        world.database().await.batch_execute(refuse).await.unwrap();
        let error = world.system.migrate().await.unwrap_err().to_string();
        assert!(error.contains("the disk is full"), "{error}");
    });
}
