//! The database's user and its password: changed while functions are connected.

use serde_json::json;
use tokio_postgres::{Client as Database, NoTls};
use uuid::Uuid;

use super::{assert_unavailable, backends, names, terminate, warm};
use crate::{
    World, assert_refused, eventually,
    faults::{acknowledged, ask, assert_kept, message, post, told, with_faults, with_faults_and_no_pooler},
};

async fn change(world: &World, database: &Database, password: &str) {
    let (_, role) = names(world);
    database.batch_execute(&format!("alter role {role} password '{password}'")).await.unwrap();
}

fn rotate(world: &World, user: &str, password: &str) {
    let secret = json!({ "username": user, "password": password });
    world.system.cloud.rotate_secret("Database", &secret.to_string()).unwrap();
}

/// Fault 22: the database's password is rotated while functions are warm.
#[test]
fn a_rotation_of_the_databases_password_needs_no_restart() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let processes = warm(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let connected = backends(&database).await;

        // The role changes first, the secret a little later.
        let password = Uuid::new_v4().simple().to_string();
        change(world, &database, &password).await;
        let refused = tokio_postgres::connect(&world.system.database.url(), NoTls).await.err();
        assert_eq!(refused.unwrap().code().unwrap().code(), "28P01");
        acknowledged(&mut socket, &message(room, "하나"), 4).await;
        assert_eq!(backends(&database).await, connected, "who is connected stays connected");

        terminate(&database).await;
        let frames = [message(room, "둘"), message(room, "셋")];
        assert_unavailable(&ask(&mut socket, &frames[0]).await, &frames[0]);
        assert_refused(&post(&customer, &frames[1]).await, 503, "unavailable");
        rotate(world, &world.system.database.user, &password);
        acknowledged(&mut socket, &frames[0], 5).await;
        post(&customer, &frames[1]).await.expect(201).unwrap();
        told(&mut socket, 6).await;

        // Both at once, and back: nobody notices.
        let password = &world.system.database.password;
        change(world, &database, password).await;
        rotate(world, &world.system.database.user, password);
        terminate(&database).await;
        acknowledged(&mut socket, &message(room, "넷"), 7).await;
        post(&customer, &message(room, "다섯")).await.expect(201).unwrap();

        let [over_websocket, over_http] = processes;
        over_websocket.live_on(4).await;
        over_http.live_on(3).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘", "셋", "넷", "다섯"]).await;
    });
}

/// Fault 22, of the other kind: another user takes the place of the one that the functions knew, who may not log in any more.
#[test]
fn a_new_user_of_the_database_needs_no_restart() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let (_, role) = names(world);
        let create = format!("create role successor login password 'another' in role {role}");
        database.batch_execute(&create).await.unwrap();
        let who = "select count(*) from pg_stat_activity where usename = 'successor' and application_name = 'chatchat'";
        let successors = async || database.query_one(who, &[]).await.unwrap().get::<_, i64>(0);

        rotate(world, "successor", "another");
        database.batch_execute(&format!("alter role {role} nologin")).await.unwrap();
        assert_eq!(successors().await, 0);
        terminate(&database).await;
        acknowledged(&mut socket, &message(room, "하나"), 4).await;
        post(&customer, &message(room, "둘")).await.expect(201).unwrap();
        told(&mut socket, 5).await;
        assert!(successors().await >= 2, "one for each function");
        over_websocket.live_on(1).await;
        over_http.live_on(1).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;

        let known = &world.system.database;
        database.batch_execute(&format!("alter role {role} login")).await.unwrap();
        rotate(world, &known.user, &known.password);
        let gone =
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'successor'";
        database.batch_execute(gone).await.unwrap();
        database.batch_execute("drop role successor").await.unwrap();
        acknowledged(&mut socket, &message(room, "셋"), 6).await;
    });
}

/// Fault 22, with a pooler too where there is one. A pooler has words of its own for a password that is refused, and for a while
/// refuses everybody, so that who sends may have to send again. Each try is given to the process that had the last one: another would
/// have read the new password at its start, and a pooler lends what it has learned to all.
#[test]
fn a_rotation_of_the_databases_password_is_seen_through_a_pooler() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let first = world.system.database.password.clone();
        let (mut asked, mut posted) = (0, 0);
        for (password, content) in [(Uuid::new_v4().simple().to_string(), "하나"), (first, "둘")] {
            change(world, &database, &password).await;
            rotate(world, &world.system.database.user, &password);
            terminate(&database).await;
            let frames = [message(room, content), message(room, &format!("또 {content}"))];
            eventually("a frame is acknowledged", async || {
                over_websocket.have_done(asked).await;
                asked += 1;
                let event = ask(&mut socket, &frames[0]).await;
                event["type"] == "ack" || {
                    assert_unavailable(&event, &frames[0]);
                    false
                }
            })
            .await;
            eventually("a request is answered", async || {
                over_http.have_done(posted).await;
                posted += 1;
                let answer = post(&customer, &frames[1]).await;
                answer.status == 201 || {
                    assert_refused(&answer, 503, "unavailable");
                    false
                }
            })
            .await;
            told(&mut socket, if content == "하나" { 5 } else { 7 }).await;
        }
        over_websocket.live_on(asked).await;
        over_http.live_on(posted).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "또 하나", "둘", "또 둘"]).await;
    });
}
