//! Faults of connections to the database.

use std::time::Duration;

use chatchat_local::{Cloud, Options, Postgres, PostgresOptions};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_postgres::NoTls;

use crate::site::{Folder, TEMPLATE, options};

#[tokio::test]
async fn silent_connections_do_not_answer_and_new_ones_do() {
    let postgres = Postgres::launch(PostgresOptions::default()).await.unwrap();
    let database = postgres.create_database("silent").await.unwrap();
    let folder = Folder::new();
    let template = TEMPLATE.replace(
        "          KEY: !Ref Key",
        "          KEY: !Ref Key\n          PORT: !GetAtt Database.Endpoint.Port",
    );
    let options = Options { database: Some(database.clone()), relays: true, ..options(&folder, &template) };
    let cloud = Cloud::start(options).await.unwrap();
    let echo = cloud.invoke("Echo", json!({})).await.unwrap();
    let echo: Value = echo["body"].as_str().unwrap().parse().unwrap();
    let port: u16 = echo["environment"]["PORT"].as_str().unwrap().parse().unwrap();
    assert_ne!(port, database.port);
    let connect = async || {
        let url = chatchat_local::Database { port, ..database.clone() }.url();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    let old = connect().await;
    old.batch_execute("create table things ()").await.unwrap();
    assert_eq!(cloud.silence_database(), 1);
    let drop = old.batch_execute("drop table things");
    assert!(timeout(Duration::from_millis(300), drop).await.is_err(), "it does not answer");
    assert!(!old.is_closed());
    connect().await.batch_execute("select from things").await.unwrap();
    assert_eq!(cloud.silence_database(), 1, "the silent connection is not counted again");
}
