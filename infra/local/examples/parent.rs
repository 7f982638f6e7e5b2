//! A process for the conformance tests: starts a cloud with a database, prints what it has started,
//! and waits until it is killed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{path::PathBuf, sync::Arc, time::Duration};

use chatchat_local::{Cloud, EnvironmentState, Options, PgBouncer, Postgres, PostgresOptions};
use serde_json::json;

#[tokio::main]
async fn main() {
    let [template, artifacts, records] =
        [1, 2, 3].map(|index| std::env::args().nth(index).expect("three arguments"));
    let postgres = Postgres::launch(PostgresOptions::default()).await.unwrap();
    if PgBouncer::is_installed() {
        let database = postgres.create_database("pooled").await.unwrap();
        postgres.pooled(&database).await.unwrap();
    }
    let parameters = [("Records".to_owned(), records)].into();
    let options = Options {
        template: PathBuf::from(template),
        artifacts: PathBuf::from(artifacts),
        parameters,
        ..Options::default()
    };
    let cloud = Arc::new(Cloud::start(options).await.unwrap());
    // One process that is frozen, and one that is busy.
    cloud.invoke("Echo", json!({})).await.unwrap();
    let busy = Arc::clone(&cloud);
    tokio::spawn(async move { busy.invoke("Hang", json!({})).await });
    while !cloud.environments("Hang").iter().any(|environment| environment.state == EnvironmentState::Busy) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pids: Vec<_> = ["Echo", "Hang"]
        .iter()
        .flat_map(|function| cloud.environments(function))
        .map(|environment| environment.pid)
        .collect();
    let folders = [postgres.folder(), Some(cloud.files())];
    let pgbouncer =
        postgres.pgbouncer().map(|pooler| json!({ "pid": pooler.pid(), "folder": pooler.folder() }));
    let started = json!({
        "port": cloud.port(), "functions": pids, "postgres": postgres.pid(), "pgbouncer": pgbouncer, "folders": folders
    });
    println!("{started}");
    std::future::pending::<()>().await;
}
