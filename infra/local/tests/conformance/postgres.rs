//! The PostgreSQL that belongs to the cloud.

use std::os::unix::fs::PermissionsExt;

use chatchat_local::{Postgres, PostgresOptions};
use tokio_postgres::{Client, NoTls};

use crate::site::{Folder, eventually, process_state};

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn kept(folder: &Folder) -> PostgresOptions {
    PostgresOptions { data: Some(folder.0.join("data")), fresh: false }
}

async fn has_table(postgres: &Postgres) -> bool {
    let client = connect(&postgres.admin_url("kept")).await.unwrap();
    client.query_typed_one("select to_regclass('things') is not null", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_temporary_cluster_has_databases_of_an_owner_who_is_no_superuser() {
    let postgres = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let (pid, folder) = (postgres.pid().unwrap(), postgres.folder().unwrap().to_owned());
    let database = postgres.create_database("one").await.unwrap();
    assert_eq!(postgres.create_database("one").await.unwrap(), database, "creating it again changes nothing");

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
    assert_eq!((mode("passwords.json"), mode("cluster")), (0, 0), "closed to others");

    let wrong = database.url().replace(&database.password, "wrong");
    assert!(connect(&wrong).await.is_err(), "the password counts");
    postgres.drop_database("one").await.unwrap();
    assert!(connect(&database.url()).await.is_err());
    postgres.stop().await;
    assert_eq!(process_state(pid), None);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_kept_cluster_keeps_its_data_and_passwords_until_it_is_started_fresh() {
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
async fn a_cluster_in_use_and_one_of_another_version_say_what_to_do() {
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
async fn a_server_that_was_killed_starts_again_on_its_data() {
    let folder = Folder::new();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let pid = postgres.pid().unwrap();
    let database = postgres.create_database("kept").await.unwrap();
    connect(&database.url()).await.unwrap().batch_execute("create table things (id int)").await.unwrap();
    let process = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    eventually("its end", || process_state(pid).is_none().then_some(())).await;
    drop(postgres);
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    assert!(has_table(&postgres).await);
}

#[tokio::test]
async fn data_that_cannot_be_used_is_one_message_with_what_postgres_says() {
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
async fn a_given_server_is_used_and_left_running() {
    let own = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let url = own.admin_url("postgres");
    let (first, second) = tokio::join!(Postgres::connect(&url), Postgres::connect(&url));
    let database = first.unwrap().create_database("given").await.unwrap();
    assert_eq!(second.unwrap().create_database("given").await.unwrap(), database);
    connect(&database.url()).await.unwrap();
    let error = Postgres::connect("postgres://nobody:x@127.0.0.1:1/none").await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1") && error.contains("DATABASE_URL"), "{error}");
}

#[tokio::test]
async fn data_that_postgresqls_user_cannot_reach_goes_elsewhere_and_that_is_said() {
    let folder = Folder::new();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    let postgres = Postgres::launch(kept(&folder)).await.unwrap();
    let elsewhere = postgres.folder().unwrap().to_owned();
    if rustix::process::geteuid().is_root() {
        assert!(elsewhere.starts_with("/var/tmp"), "{}", elsewhere.display());
        assert!(postgres.notice().unwrap().contains(&elsewhere.display().to_string()));
    } else {
        assert_eq!(elsewhere, folder.0.join("data").canonicalize().unwrap());
        assert_eq!(postgres.notice(), None);
    }
    postgres.stop().await;
    std::fs::remove_dir_all(elsewhere).unwrap();
}
