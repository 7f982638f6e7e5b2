//! Changes of the database's user and password while functions are connected.

use serde_json::json;
use tokio_postgres::{Client as Database, NoTls};
use uuid::Uuid;

use super::{assert_unavailable, backends, quoted_names, terminate_backends, warm_up};
use crate::{
    World, assert_refused, eventually,
    faults::{
        ask, assert_acknowledged, assert_kept, assert_receives, message, post, with_faults,
        with_faults_and_no_pooler,
    },
};

async fn change_password(world: &World, database: &Database, password: &str) {
    let (_, role) = quoted_names(world);
    database.batch_execute(&format!("alter role {role} password '{password}'")).await.unwrap();
}

fn rotate_secret(world: &World, user: &str, password: &str) {
    let secret = json!({ "username": user, "password": password });
    world.system.cloud.rotate_secret("FunctionsSecret", &secret.to_string()).unwrap();
}

/// Fault 22: the database's password is rotated while functions are warm.
#[test]
fn fault_22_password_rotation_needs_no_restart() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let processes = warm_up(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let connected = backends(&database).await;
        let before = world.system.functions_database().unwrap();

        // The role's password changes first, the secret later.
        let password = Uuid::new_v4().simple().to_string();
        change_password(world, &database, &password).await;
        let refused = tokio_postgres::connect(&before.url(), NoTls).await.err();
        assert_eq!(refused.unwrap().code().unwrap().code(), "28P01");
        assert_acknowledged(&mut socket, &message(room, "하나"), 4).await;
        assert_eq!(backends(&database).await, connected, "open connections stay open");

        terminate_backends(&database).await;
        let frames = [message(room, "둘"), message(room, "셋")];
        assert_unavailable(&ask(&mut socket, &frames[0]).await, &frames[0]);
        assert_refused(&post(&customer, &frames[1]).await, 503, "unavailable");
        rotate_secret(world, &before.user, &password);
        assert_acknowledged(&mut socket, &frames[0], 5).await;
        post(&customer, &frames[1]).await.expect(201).unwrap();
        assert_receives(&mut socket, 6).await;

        // Back to the first password, in both places before the next connection: every send
        // succeeds.
        change_password(world, &database, &before.password).await;
        rotate_secret(world, &before.user, &before.password);
        terminate_backends(&database).await;
        assert_acknowledged(&mut socket, &message(room, "넷"), 7).await;
        post(&customer, &message(room, "다섯")).await.expect(201).unwrap();

        let [over_websocket, over_http] = processes;
        over_websocket.assert_reused(4).await;
        over_http.assert_reused(3).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘", "셋", "넷", "다섯"]).await;
    });
}

/// Fault 22, with another user: the secret names a new user, and the previous user can no longer
/// log in.
#[test]
fn fault_22_new_database_user_needs_no_restart() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm_up(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let previous = world.system.functions_database().unwrap();
        let (_, role) = quoted_names(world);
        let create = format!("create role successor login password 'another' in role {role}");
        database.batch_execute(&create).await.unwrap();
        let count = "select count(*) from pg_stat_activity where usename = 'successor' and application_name = 'chatchat'";
        let successors = async || database.query_one(count, &[]).await.unwrap().get::<_, i64>(0);

        rotate_secret(world, "successor", "another");
        database.batch_execute(&format!("alter role {role} nologin")).await.unwrap();
        assert_eq!(successors().await, 0);
        terminate_backends(&database).await;
        assert_acknowledged(&mut socket, &message(room, "하나"), 4).await;
        post(&customer, &message(room, "둘")).await.expect(201).unwrap();
        assert_receives(&mut socket, 5).await;
        assert!(successors().await >= 2, "both functions connect as the new user");
        over_websocket.assert_reused(1).await;
        over_http.assert_reused(1).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;

        database.batch_execute(&format!("alter role {role} login")).await.unwrap();
        rotate_secret(world, &previous.user, &previous.password);
        let disconnect =
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'successor'";
        database.batch_execute(disconnect).await.unwrap();
        database.batch_execute("drop role successor").await.unwrap();
        assert_acknowledged(&mut socket, &message(room, "셋"), 6).await;
    });
}

/// Fault 22, through a pooler if the tests run with one.
///
/// A pooler reports a rejected password with its own error, and rejects all clients for some time,
/// so a client may have to send again. Each attempt waits until the process of the attempt before
/// is idle and so reuses it. A new process would read the new password at its start, and the pooler
/// would then accept the old process too.
#[test]
fn fault_22_password_rotation_works_through_a_pooler() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm_up(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let first = world.system.functions_database().unwrap();
        let (mut asked, mut posted) = (0, 0);
        for (password, content) in [(Uuid::new_v4().simple().to_string(), "하나"), (first.password, "둘")]
        {
            change_password(world, &database, &password).await;
            rotate_secret(world, &first.user, &password);
            terminate_backends(&database).await;
            let frames = [message(room, content), message(room, &format!("또 {content}"))];
            eventually("a frame is acknowledged", async || {
                over_websocket.wait_until_served(asked).await;
                asked += 1;
                let event = ask(&mut socket, &frames[0]).await;
                event["type"] == "ack" || {
                    assert_unavailable(&event, &frames[0]);
                    false
                }
            })
            .await;
            eventually("a request is answered", async || {
                over_http.wait_until_served(posted).await;
                posted += 1;
                let answer = post(&customer, &frames[1]).await;
                answer.status == 201 || {
                    assert_refused(&answer, 503, "unavailable");
                    false
                }
            })
            .await;
            assert_receives(&mut socket, if content == "하나" { 5 } else { 7 }).await;
        }
        over_websocket.assert_reused(asked).await;
        over_http.assert_reused(posted).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "또 하나", "둘", "또 둘"]).await;
    });
}

/// Fault 22, as Secrets Manager rotates the password: no send fails in any step.
#[test]
fn fault_22_rotation_function_changes_the_password_without_a_failure() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm_up(world, &customer, &mut socket, room).await;
        let database = world.database().await;
        let before = world.system.functions_database().unwrap();
        let version = Uuid::new_v4().to_string();
        let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
        for (step, seq) in steps.into_iter().zip([4, 6, 8, 10]) {
            // A step that Secrets Manager repeats changes nothing.
            world.system.rotation_step(step, &version).await.unwrap();
            world.system.rotation_step(step, &version).await.unwrap();
            terminate_backends(&database).await;
            assert_acknowledged(&mut socket, &message(room, step), seq).await;
            post(&customer, &message(room, step)).await.expect(201).unwrap();
            assert_receives(&mut socket, seq + 1).await;
            // A deployment during the rotation does not set the previous password again.
            world.system.migrate().await.unwrap();
        }
        let after = world.system.functions_database().unwrap();
        assert_eq!(after.user, before.user);
        assert_ne!(after.password, before.password);
        drop(tokio_postgres::connect(&after.url(), NoTls).await.unwrap());
        let refused = tokio_postgres::connect(&before.url(), NoTls).await.err();
        assert_eq!(refused.unwrap().code().unwrap().code(), "28P01");
        over_websocket.assert_reused(4).await;
        over_http.assert_reused(4).await;
        let contents: Vec<&str> = steps.iter().flat_map(|step| [*step, *step]).collect();
        assert_kept([&customer, &company], room, &[&["먼저", "그리고"], &contents[..]].concat()).await;

        // Another secret, or a step without the first one, is refused.
        assert!(world.system.rotation_step("setSecret", &Uuid::new_v4().to_string()).await.is_err());
        let event =
            json!({ "Step": "createSecret", "SecretId": "TokenSecret", "ClientRequestToken": version });
        assert!(world.system.cloud.invoke("RotatePassword", event).await.is_err());
    });
}

/// Fault 22: the password in the database and the secret differ. The next deployment repairs this.
#[test]
fn fault_22_migration_sets_the_password_of_a_role_that_cannot_log_in() {
    with_faults_and_no_pooler(async |world| {
        let (customer, _, room) = world.pair().await;
        let database = world.database().await;
        change_password(world, &database, "forgotten").await;
        terminate_backends(&database).await;
        assert_refused(&post(&customer, &message(room, "하나")).await, 503, "unavailable");
        world.system.migrate().await.unwrap();
        post(&customer, &message(room, "둘")).await.expect(201).unwrap();
    });
}
