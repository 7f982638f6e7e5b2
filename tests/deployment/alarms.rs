//! The alarms of the template, evaluated on what the compiled functions log in the local cloud.

#![allow(clippy::disallowed_methods, reason = "the tests' own statements go to PostgreSQL without a pooler")]

use std::collections::{BTreeMap, BTreeSet};

use chatchat_harness::{Client, PASSWORD, PATIENCE, Person, Socket, System, SystemOptions, build_functions};
use chatchat_local::{Answer, Fault, Tampering};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    cloudwatch::Metrics,
    stacks::{Deployment, WITHOUT_DOMAIN},
};

/// A system in which the scheduled functions have run once, and two accounts with a room.
struct World {
    system: System,
    deployment: Deployment,
    customer: Person,
    company: Person,
    room: i64,
}

impl World {
    async fn start() -> Self {
        let programs = build_functions().unwrap();
        let system = System::start(SystemOptions { programs, canary: true, ..SystemOptions::default() })
            .await
            .unwrap();
        for function in ["Sweep", "Converse"] {
            system.cloud.invoke(function, json!({})).await.unwrap();
        }
        let client = Client::new(&system.cloud.url()).unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        Self { system, deployment: Deployment::of(WITHOUT_DOMAIN), customer, company, room }
    }

    fn metrics(&self) -> Metrics {
        Metrics::of(&self.deployment, &self.system.logs().unwrap())
    }

    fn raised(&self) -> BTreeSet<&str> {
        self.metrics().raised(&self.deployment, OffsetDateTime::now_utc())
    }

    /// Waits until exactly these alarms are raised.
    async fn wait_until_raised(&self, expected: &[&str]) {
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        let limit = Instant::now() + PATIENCE;
        while self.raised() != expected {
            assert!(Instant::now() < limit, "raised: {:?}, expected: {expected:?}", self.raised());
            sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Returns the lines of a function's log with this message, as soon as there is one.
    async fn logged(&self, function: &str, message: &str) -> Vec<Value> {
        let limit = Instant::now() + PATIENCE;
        loop {
            let logs: BTreeMap<String, String> = self.system.logs().unwrap();
            let lines = logs[function].lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let found: Vec<_> = lines.filter(|line| line["message"] == message).collect();
            if !found.is_empty() {
                return found;
            }
            assert!(Instant::now() < limit, "{function} does not log {message:?}");
            sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    async fn connect(&self) -> [Socket; 2] {
        [self.customer.connect().await.unwrap(), self.company.connect().await.unwrap()]
    }

    async fn post(&self, content: &str) {
        let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": content });
        let path = format!("{}/messages", self.company.room(self.room));
        self.company.post(&path, &body).await.unwrap().expect(201).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn healthy_system_raises_no_alarm_and_logs_all_metrics() {
    let world = World::start().await;
    let [mut asks, mut answers] = world.connect().await;
    for number in 0..6 {
        asks.say(world.room, &format!("질문 {number}")).await.unwrap();
        asks.next_of("ack").await.unwrap();
        answers.next_of("message").await.unwrap();
    }
    // What clients do wrong, and connections that end without a notice, are no failures of ChatChat.
    for _ in 0..6 {
        asks.send(&json!({ "action": "sendMessage" })).await.unwrap();
        asks.next_of("error").await.unwrap();
        assert_eq!(world.customer.get("/customer/chatrooms/1").await.unwrap().status, 404);
        let wrong = json!({ "username": world.customer.username, "password": format!("{PASSWORD}x") });
        let client = &world.customer.client;
        let refused = client.call(Method::POST, "/customer/session", None, &wrong).await.unwrap();
        assert_eq!(refused.status, 400);
    }
    let withheld = world.system.cloud.inject(Fault::WithholdDisconnect, 1, u32::MAX);
    drop((asks, answers));
    withheld.wait_until_happened(2).await;
    for number in 0..6 {
        world.post(&format!("답 {number}")).await;
    }
    let gone = world.logged("SendMessageAsCompany", "not every connection could be pushed to").await;
    assert!(gone.iter().all(|line| line["failed"] == 0 && line["gone"] == 2), "{gone:?}");
    world.system.cloud.invoke("Converse", json!({})).await.unwrap();
    world.logged("Converse", "the conversation succeeded").await;
    world.wait_until_raised(&[]).await;

    let metrics = world.metrics();
    let embedded = metrics.names("ChatChat/local");
    assert_eq!(embedded, ["database_ms", "init_ms", "push_ms", "send_ms"].into());
    let names: BTreeSet<_> = metrics.names("ChatChat/chatchat").union(&embedded).copied().collect();
    // Ten custom metrics are free in an account; each further one costs 30 cents a month.
    assert_eq!(names.len(), 10, "{names:?}");
    assert_eq!(world.deployment.variable("Health", "METRICS_NAMESPACE"), "ChatChat/chatchat");
    let body = world.deployment.only("AWS::CloudWatch::Dashboard").properties["DashboardBody"].clone();
    let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let shown: BTreeSet<_> = widgets
        .iter()
        .flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap())
        .filter(|metric| metric[0] == "ChatChat/chatchat")
        .map(|metric| metric[1].as_str().unwrap())
        .collect();
    assert_eq!(shown, names, "the dashboard shows all custom metrics and no others");

    // The scheduled functions have not run for a while.
    let later = OffsetDateTime::now_utc() + Duration::minutes(31);
    let raised = metrics.raised(&world.deployment, later);
    assert_eq!(raised, ["ConversationFails", "SweepFails"].into());
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_line_of_each_process_is_cold() {
    let world = World::start().await;
    for _ in 0..3 {
        world.customer.get("/customer/chatrooms").await.unwrap().expect(200).unwrap();
    }
    let mut lines = Vec::new();
    let limit = Instant::now() + PATIENCE;
    while lines.len() < 3 {
        assert!(Instant::now() < limit, "{lines:?}");
        lines = world.logged("ListRoomsAsCustomer", "answered").await;
    }
    let processes = world.system.cloud.environments("ListRoomsAsCustomer").len();
    let cold: Vec<_> = lines.iter().filter(|line| line["cold"] == true).collect();
    assert_eq!(cold.len(), processes, "{lines:?}");
    assert!(cold.iter().all(|line| line["init_ms"].as_f64().unwrap() > 0.0));
    assert_eq!(lines[0]["cold"], true);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_pushes_raise_their_alarm() {
    let world = World::start().await;
    let [mut asks, _answers] = world.connect().await;
    let _failing = world.system.cloud.inject(Fault::Connections(Answer::Failed), 1, u32::MAX);
    for number in 0..2 {
        asks.say(world.room, &format!("질문 {number}")).await.unwrap();
        world.post(&format!("답 {number}")).await;
    }
    world.wait_until_raised(&["PushesFail"]).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_pushes_raise_their_alarm() {
    let world = World::start().await;
    let _sockets = world.connect().await;
    let _hanging = world.system.cloud.inject(Fault::Connections(Answer::Hang), 1, u32::MAX);
    join_all(["하나", "둘", "셋"].map(|content| world.post(content))).await;
    world.wait_until_raised(&["PushesFail"]).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn database_that_does_not_answer_raises_its_alarm() {
    let world = World::start().await;
    let mut database = world.system.superuser().await.unwrap();
    let lock = database.transaction().await.unwrap();
    lock.batch_execute("lock table accounts, sessions, messages in access exclusive mode").await.unwrap();
    let customer = &world.customer;
    let calls = (0..5).map(|_| async { customer.get("/customer/chatrooms").await.unwrap().status });
    assert_eq!(join_all(calls).await, [503; 5]);
    lock.rollback().await.unwrap();
    world.wait_until_raised(&["DatabaseIsUnavailable"]).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_database_raises_its_alarm_also_for_frames_alone() {
    let world = World::start().await;
    let [mut asks, _answers] = world.connect().await;
    world.system.postgres.halt().await.unwrap();
    for number in 0..5 {
        asks.say(world.room, &format!("질문 {number}")).await.unwrap();
        assert_eq!(asks.next_of("error").await.unwrap()["code"], "unavailable");
    }
    world.wait_until_raised(&["DatabaseIsUnavailable"]).await;
    world.system.stop().await;
}

/// Frames are lost on their way to clients. No function notices that.
#[tokio::test(flavor = "multi_thread")]
async fn failed_conversations_raise_their_alarm() {
    let world = World::start().await;
    let _lost = world.system.cloud.inject(Fault::Pushed(Tampering::Drop), 1, u32::MAX);
    let error = world.system.cloud.invoke("Converse", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("cannot receive the ack"), "{error}");
    world.wait_until_raised(&[]).await;
    world.system.cloud.invoke("Converse", json!({})).await.unwrap_err();
    let failed = world.logged("Converse", "the conversation failed").await;
    assert_eq!(failed[0]["step"], "receive the ack");
    world.wait_until_raised(&["ConversationFails"]).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_leave_no_session_and_use_one_hidden_room() {
    let world = World::start().await;
    world.system.cloud.invoke("Converse", json!({})).await.unwrap();
    let listed = world.customer.get("/companies?keyword=점검").await.unwrap().body;
    assert_eq!(listed["companySummaries"], json!([]), "the canary's company is not in the directory");
    let database = world.system.superuser().await.unwrap();
    let count = async |what: &str| -> i64 { database.query_one(what, &[]).await.unwrap().get(0) };
    assert_eq!(count("select count(*) from accounts where username like 'canary%'").await, 2);
    let active = "select count(*) from sessions s join accounts a on a.id = s.account_id
                  where a.username like 'canary%' and s.ended_at is null";
    assert_eq!(count(active).await, 0);
    // The guide message, and a message of each conversation.
    let messages = "select count(*) from messages m join rooms r on r.id = m.room_id
                    join accounts a on a.id = r.customer_id where a.username like 'canary%'";
    assert_eq!(count(messages).await, 3);
    world.system.stop().await;
}
