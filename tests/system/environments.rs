//! The processes of functions: each serves one request at a time, and its end affects only that
//! request.

use std::{collections::BTreeSet, time::Duration};

use chatchat_harness::{Client, Person, System, SystemOptions, build_functions, describe};
use chatchat_local::{EnvironmentState, Fault, Settings};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    block_on, client_of, database, end_processes, eventually, in_world, message_body, post_message,
    start_system, system_options, template, wait_for_blocked,
};

#[test]
fn overlapping_requests_run_in_several_processes() {
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
fn killed_process_fails_only_its_request() {
    block_on(|| async {
        let system = start_system().await;
        // This client does not check answers: API Gateway's own error is not in the OpenAPI
        // document.
        let client = Client::new(&system.cloud.url()).unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let send = async |body: &Value| post_message(&customer, room, body).await;
        send(&message_body("하나")).await.expect(201).unwrap();

        // The room's row is locked, so the next send waits in its statement until its process is
        // killed.
        let (mut locking, watching) = (database(&system).await, database(&system).await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let body = message_body("둘");
        let (failed, ()) = tokio::join!(send(&body), async {
            wait_for_blocked(&watching, 1).await;
            for environment in system.cloud.environments("SendMessageAsCustomer") {
                assert!(system.cloud.kill_environment(environment.pid.unwrap()));
            }
        });
        assert_eq!((failed.status, &failed.body), (500, &json!({ "message": "Internal Server Error" })));
        lock.commit().await.unwrap();

        assert_eq!(send(&message_body("셋")).await.status, 201);
        let again = send(&body).await;
        assert!(
            again.status < 300,
            "a resend succeeds whether the message was stored or not: {}",
            again.body
        );
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

/// A process keeps the secrets that it has read until it ends. A new process reads them again.
#[test]
fn functions_recover_from_failures_of_secrets_manager() {
    block_on(|| async {
        let system = start_system().await;
        // This client does not check answers: API Gateway's own error is not in the OpenAPI
        // document.
        let client = Client::new(&system.cloud.url()).unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let profile = async || customer.get("/customers/me").await.unwrap();
        assert_eq!(profile().await.status, 200);
        let fails = |times| system.cloud.inject(Fault::Secrets, 1, times);

        end_processes(&system, "OwnCustomerProfile").await;
        let once = fails(1);
        assert_eq!((profile().await.status, once.happened()), (200, 1), "the function tries again");

        end_processes(&system, "OwnCustomerProfile").await;
        let partly = system.cloud.inject(Fault::SecretOfBatch, 1, 1);
        assert_eq!((profile().await.status, partly.happened()), (200, 1), "the function reads it alone");

        let always = fails(u32::MAX);
        assert_eq!(profile().await.status, 200, "a warm process has its secrets");
        end_processes(&system, "OwnCustomerProfile").await;
        let answer = profile().await;
        assert_eq!((answer.status, &answer.body), (500, &json!({ "message": "Internal Server Error" })));
        drop(always);
        assert_eq!(profile().await.status, 200);
        system.stop().await;
    });
}

#[test]
fn warm_events_start_processes_without_connections_to_the_database() {
    block_on(|| async {
        let settings = Settings { schedule_minute: Duration::from_millis(200), ..Settings::default() };
        let options = SystemOptions { warm: true, pooled: false, settings, ..system_options().await };
        let system = System::start(options).await.unwrap();
        let waits = |function: &str| {
            let processes = system.cloud.environments(function);
            processes.len() == 1 && processes[0].served >= 2 && processes[0].state == EnvironmentState::Idle
        };
        for function in
            ["ListRoomsAsCustomer", "HistoryAsCompany", "RefreshCustomer", "FindCompanies", "Realtime"]
        {
            eventually(&format!("a process of {function} is warm"), async || waits(function)).await;
        }
        // The functions that are called weekly.
        for function in ["Health", "Unrouted", "RotatePassword", "Migrate", "WithdrawCompany"] {
            let answer = system.cloud.invoke(function, json!({ "warm": true })).await.unwrap();
            assert_eq!(answer, Value::Null, "{function}");
        }
        let connections = "select count(*) from pg_stat_activity
                           where datname = current_database() and application_name = 'chatchat'";
        let connections: i64 = database(&system).await.query_one(connections, &[]).await.unwrap().get(0);
        // Schedules call these functions too, also before the migrations.
        let scheduled = ["Sweep", "DeletePictures"];
        let processes: usize =
            scheduled.iter().map(|function| system.cloud.environments(function).len()).sum();
        assert!(connections <= processes.try_into().unwrap(), "{connections}, but {processes} processes");
        for (function, log) in system.logs().unwrap() {
            let is_quiet = !log.contains("answered") && !log.contains("ERROR");
            assert!(is_quiet || scheduled.contains(&function.as_str()), "{function}: {log}");
        }

        // A warm process serves the next request.
        let client = client_of(&system);
        client.call(Method::GET, "/companies", None, &Value::Null).await.unwrap().expect(200).unwrap();
        assert_eq!(system.cloud.environments("FindCompanies").len(), 1);
        system.stop().await;
    });
}

#[test]
fn anonymous_requests_open_no_connection_to_the_database() {
    block_on(|| async {
        // A pooler would keep connections to PostgreSQL open for all functions together.
        let options = SystemOptions { pooled: false, ..system_options().await };
        let system = System::start(options).await.unwrap();
        let client = client_of(&system);
        let (database, folder) = (database(&system).await, build_functions().unwrap());
        let connections = async || -> i64 {
            let count = "select count(*) from pg_stat_activity
                         where datname = current_database() and application_name = 'chatchat'";
            database.query_one(count, &[]).await.unwrap().get(0)
        };
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let before = connections().await;
        let template = template();
        let functions = template.functions().unwrap();
        let artifacts: BTreeSet<_> = functions.iter().map(|function| &function.artifact).collect();
        let handlers: Vec<_> =
            artifacts.into_iter().flat_map(|artifact| describe(&folder, artifact).unwrap()).collect();
        let mut called = 0;
        for route in template.http_routes().unwrap() {
            let function = functions.iter().find(|function| function.id == route.function).unwrap();
            let handler = handlers.iter().find(|handler| handler.name == function.handler).unwrap();
            if !["customer", "company", "account"].contains(&handler.caller.as_str()) {
                continue;
            }
            let (method, path): (Method, _) =
                (route.method.parse().unwrap(), route.path.replace("{id}", "1"));
            let call = |number| {
                let token = (number % 2 == 0).then_some("forged");
                client.call(method.clone(), &path, token, &Value::Null)
            };
            for answer in join_all((0..4).map(call)).await {
                assert_eq!(answer.unwrap().status, 401, "{method} {path}");
                called += 1;
            }
        }
        assert!(called >= 4 * 30, "{called}");
        assert!(connections().await <= before + 1, "the sweep may have opened one");
        let before = connections().await;
        for path in ["/customers/me", "/customer/chatrooms", "/customers/me/sessions"] {
            customer.get(path).await.unwrap().expect(200).unwrap();
        }
        assert!(connections().await > before, "a caller's requests open some");
        system.stop().await;
    });
}
