//! Functions are processes, one request at a time each, and one that dies takes nothing with it.

use std::{collections::BTreeSet, time::Instant};

use chatchat_local::Fault;
use chatchat_tests::{Client, PATIENCE, Person};
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use crate::{alone, database, end_processes, in_world, own_system};

#[test]
fn twenty_overlapping_requests_run_in_more_than_one_process() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let answers = join_all((0..20).map(|_| customer.get("/customers/me"))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status == 200));
        let processes: BTreeSet<_> = world
            .system
            .cloud
            .environments("OwnCustomerProfile")
            .into_iter()
            .filter_map(|one| one.pid)
            .collect();
        assert!(processes.len() > 1, "{processes:?}");
    });
}

#[test]
fn a_process_killed_in_mid_request_fails_that_request_alone() {
    alone(|| async {
        let system = own_system().await;
        // Not held against the OpenAPI document: API Gateway's own error is not in it.
        let client = Client::new(&system.cloud.url()).unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let path = format!("{}/messages", customer.room(room));
        let say = |text: &str| serde_json::json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": text });
        customer.post(&path, &say("하나")).await.unwrap().expect(201).unwrap();

        // The room's row is locked, so the next send waits in its statement until its process is killed.
        let mut database = database(&system).await;
        let lock = database.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let body = say("둘");
        let (caught, ()) = tokio::join!(customer.post(&path, &body), async {
            let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
            let limit = Instant::now() + PATIENCE;
            while lock.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                assert!(Instant::now() < limit, "the send does not wait for the room");
            }
            for environment in system.cloud.environments("SendMessageAsCustomer") {
                assert!(system.cloud.kill_environment(environment.pid.unwrap()));
            }
        });
        let caught = caught.unwrap();
        assert_eq!(
            (caught.status, &caught.body),
            (500, &serde_json::json!({ "message": "Internal Server Error" }))
        );
        lock.commit().await.unwrap();

        let next = customer.post(&path, &say("셋")).await.unwrap();
        assert_eq!(next.status, 201);
        let again = customer.post(&path, &body).await.unwrap();
        assert!(again.status < 300, "sending again is harmless whether it was kept or not: {}", again.body);
        let contents: BTreeSet<_> = customer
            .history(room)
            .await
            .unwrap()
            .iter()
            .map(|message: &Value| message["content"].to_string())
            .collect();
        assert!(
            ["\"하나\"", "\"둘\"", "\"셋\""].iter().all(|content| contents.contains(*content)),
            "{contents:?}"
        );
        system.stop().await;
    });
}

/// What a process has read of its secrets goes with it: the next one reads them itself, however Secrets Manager is at the time.
#[test]
fn processes_that_begin_without_secrets_read_them_and_a_failing_secrets_manager_is_no_end() {
    alone(|| async {
        let system = own_system().await;
        // Not held against the OpenAPI document: API Gateway's own error is not in it.
        let client = Client::new(&system.cloud.url()).unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let profile = async || customer.get("/customers/me").await.unwrap();
        assert_eq!(profile().await.status, 200);
        let fails = |times| system.cloud.inject(Fault::Secrets, 1, times);

        end_processes(&system, "OwnCustomerProfile").await;
        let once = fails(1);
        assert_eq!((profile().await.status, once.happened()), (200, 1), "it is tried again");

        let always = fails(u32::MAX);
        assert_eq!(profile().await.status, 200, "a warm process asks for nothing");
        end_processes(&system, "OwnCustomerProfile").await;
        let answer = profile().await;
        assert_eq!(
            (answer.status, &answer.body),
            (500, &serde_json::json!({ "message": "Internal Server Error" }))
        );
        drop(always);
        assert_eq!(profile().await.status, 200);
        system.stop().await;
    });
}
