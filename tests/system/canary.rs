//! The canary's conversations that fail. The alarms' tests contain those that succeed.

use chatchat_harness::{System, SystemOptions};
use chatchat_local::{Fault, Point, Target};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{block_on, client_of, database, system_options};

#[test]
fn failed_conversation_leaves_no_session_and_a_hidden_company() {
    block_on(|| async {
        let system = System::start(SystemOptions { canary: true, ..system_options().await }).await.unwrap();
        let (client, database) = (client_of(&system), database(&system).await);
        let fails = async |functions: &[&str], problem: &str, sessions: i64| {
            let kill = |function: &&str| {
                let fault = Fault::Kill { target: Target::function(function), at: Point::BeforeWork };
                system.cloud.inject(fault, 1, u32::MAX)
            };
            let killed: Vec<_> = functions.iter().map(kill).collect();
            let error = system.cloud.invoke("Converse", json!({})).await.unwrap_err().to_string();
            assert!(error.contains(problem), "{functions:?}: {error}");
            assert!(killed.iter().all(|one| one.happened() > 0), "{functions:?}");
            let active = "select count(*) from sessions where ended_at is null";
            let active: i64 = database.query_one(active, &[]).await.unwrap().get(0);
            assert_eq!(active, sessions, "{functions:?}");
            let listed = client.call(Method::GET, "/companies", None, &Value::Null).await.unwrap();
            assert_eq!(listed.body["companySummaries"], json!([]), "{functions:?}");
        };
        fails(&["LogInCompany"], "cannot log in the company", 0).await;
        fails(&["OpenRoom"], "cannot find the room", 0).await;
        // The company is logged out first. Its session stays, but the customer's is ended.
        fails(&["OpenRoom", "LogOutCompany"], "cannot find the room", 1).await;
        fails(&["LogOutCompany"], "cannot log out", 2).await;
        system.cloud.invoke("Converse", json!({})).await.unwrap();
        system.stop().await;
    });
}
