//! What a cold start sends: the requests and connections between the start of a process and its
//! first answer, counted by relays in front of all services.

use std::{io::Cursor, time::Duration};

use chatchat_harness::{DescribedHandler, Person, System, SystemOptions, build_functions, describe};
use chatchat_local::{EnvironmentState, Service, Traffic};
use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    block_on, client_of, cookie, end_processes, eventually, lift_limits, message_body, next_event,
    post_message, system_options, template,
};

/// The requests to Secrets Manager, the connections to the database and the round trips on them,
/// and the requests to S3 and to the management API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    secrets: usize,
    connections: usize,
    database: usize,
    storage: usize,
    pushes: usize,
}

/// A login to PostgreSQL takes three round trips: the startup message, and two of SCRAM.
const LOGIN: usize = 3;

async fn start() -> System {
    let mut options = system_options().await;
    // No schedule calls a function while another is counted.
    options.settings.schedule_minute = Duration::from_hours(24);
    // A pooler would hide how often a function connects.
    let options = SystemOptions { pooled: false, relays: true, canary: true, ..options };
    let system = System::start(options).await.unwrap();
    lift_limits(&system).await;
    system
}

/// Returns what the functions send while `call` runs.
async fn sent<T>(system: &System, call: impl Future<Output = T>) -> Sent {
    let traffic = || {
        [Service::Secrets, Service::Database, Service::Storage, Service::Management]
            .map(|service| system.cloud.traffic(service))
    };
    let before = traffic();
    call.await;
    // A client may have a response before the function has the one to its push.
    eventually("no function works", async || {
        let states =
            template().functions().unwrap().into_iter().flat_map(|one| system.cloud.environments(&one.id));
        states.into_iter().all(|one| one.state == EnvironmentState::Idle)
    })
    .await;
    let after = traffic();
    let difference = |count: fn(&Traffic) -> usize| {
        let counts = before.iter().zip(&after).map(|(before, after)| count(after) - count(before));
        <[usize; 4]>::try_from(counts.collect::<Vec<_>>()).unwrap()
    };
    let [secrets, database, storage, pushes] = difference(|traffic| traffic.round_trips);
    let [.., connections, _, _] = difference(|traffic| traffic.connections);
    Sent { secrets, connections, database, storage, pushes }
}

/// Returns what the functions send while `call` runs, if no function has a process before.
async fn cold<T>(system: &System, call: impl Future<Output = T>) -> Sent {
    for function in template().functions().unwrap() {
        end_processes(system, &function.id).await;
    }
    sent(system, call).await
}

/// The handlers of all functions, with the functions' logical ids.
fn functions() -> Vec<(String, DescribedHandler)> {
    let folder = build_functions().unwrap();
    let functions = template().functions().unwrap();
    let handler = |artifact: &str, name: &str| {
        let handlers = describe(&folder, artifact).unwrap();
        handlers.into_iter().find(|handler| handler.name == name).unwrap()
    };
    functions
        .iter()
        .map(|function| (function.id.clone(), handler(&function.artifact, &function.handler)))
        .collect()
}

/// The event with which schedules keep a process running does nothing but start it.
#[test]
fn each_function_starts_with_one_request_for_all_its_secrets() {
    block_on(|| async {
        let system = start().await;
        let (mut seen, mut wrong) = (0, Vec::new());
        for (function, handler) in functions() {
            end_processes(&system, &function).await;
            let start = async { system.cloud.invoke(&function, json!({ "warm": true })).await.unwrap() };
            let sent = sent(&system, start).await;
            // A rotation reads the versions of the secret that its step needs.
            let reads = |need: &String| ["database", "signingKeys", "pseudonymKey"].contains(&need.as_str());
            let secrets = usize::from(function != "RotatePassword" && handler.needs.iter().any(reads));
            let expected = Sent { secrets, connections: 0, database: 0, storage: 0, pushes: 0 };
            if sent != expected {
                wrong.push(format!("{function}: {sent:?}, not {expected:?}"));
            }
            seen += secrets;
        }
        assert!(seen > 30, "{seen}");
        assert!(wrong.is_empty(), "{wrong:#?}");
        system.stop().await;
    });
}

#[test]
fn first_answers_need_no_other_round_trips() {
    block_on(|| async {
        let system = start().await;
        let client = client_of(&system);
        let mut customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let login = customer.log_in().await.unwrap();
        let statements = |count: usize| Sent {
            secrets: 1,
            connections: 1,
            database: LOGIN + count,
            storage: 0,
            pushes: 0,
        };
        let nothing = Sent { connections: 0, database: 0, ..statements(0) };

        let profile = async || customer.get("/customers/me").await.unwrap().expect(200).unwrap();
        assert_eq!(cold(&system, profile()).await, statements(1));
        let anonymous = client.call(Method::GET, "/customers/me", None, &Value::Null);
        assert_eq!(cold(&system, anonymous).await, nothing);
        let directory = client.call(Method::GET, "/companies", None, &Value::Null);
        assert_eq!(cold(&system, directory).await, statements(1));
        let cookie = cookie(&login);
        let refresh = client.request(Method::POST, "/customer/token").header("cookie", &cookie).send();
        assert_eq!(cold(&system, refresh).await, statements(1));
        assert_eq!(cold(&system, customer.clone().log_in()).await, statements(2));

        let send = async || post_message(&customer, room, &message_body("하나")).await.expect(201).unwrap();
        assert_eq!(cold(&system, send()).await, statements(1), "no connection is open");
        // The ticket is created by another function than the connection.
        let mut socket = None;
        let connected = cold(&system, async { socket = Some(company.connect().await.unwrap()) }).await;
        let [one, two] = [statements(1), statements(1)];
        let both = Sent {
            secrets: one.secrets + two.secrets,
            connections: one.connections + two.connections,
            database: one.database + two.database,
            ..one
        };
        assert_eq!(connected, both);
        let mut socket = socket.unwrap();
        assert_eq!(cold(&system, send()).await, Sent { pushes: 1, ..statements(1) });
        assert_eq!(next_event(&mut socket).await["type"], "message");
        let typing = json!({ "action": "typing", "roomId": room });
        assert_eq!(
            cold(&system, socket.send(&typing)).await,
            statements(1),
            "the customer has no connection"
        );
        let answer = json!({ "action": "heartbeat", "rooms": [] });
        let heartbeat = async {
            socket.send(&answer).await.unwrap();
            assert_eq!(next_event(&mut socket).await["type"], "heartbeat");
        };
        assert_eq!(cold(&system, heartbeat).await, Sent { pushes: 1, ..statements(1) });
        let mut picture = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(8, 8).write_to(&mut picture, ImageFormat::Png).unwrap();
        let upload = async || customer.upload(picture.get_ref()).await.unwrap().expect(201).unwrap();
        assert_eq!(cold(&system, upload()).await, Sent { storage: 1, ..statements(2) });
        system.stop().await;
    });
}
