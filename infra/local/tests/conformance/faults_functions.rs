//! Faults of functions: processes killed at a point of their work, and events delivered twice.

use std::collections::BTreeSet;

use chatchat_local::{EnvironmentState, Fault, Point, Settings};
use serde_json::json;

use crate::site::{Site, Socket, eventually, happens, work};

fn kill(function: &str, at: Point) -> Fault {
    Fault::Kill { function: Some(function.to_owned()), at }
}

async fn fails(socket: &mut Socket) {
    assert_eq!(socket.json().await["message"], "Internal server error");
}

#[tokio::test]
async fn a_process_killed_before_its_work_never_sees_the_event() {
    let site = Site::start().await;
    let file = site.folder.0.join("work");
    let message = json!({ "action": "echo", "work": file }).to_string();
    let mut socket = site.connect().await;
    // The first one is warm, the second one is just starting.
    socket.id().await;
    let injection = site.cloud.inject(kill("Message", Point::BeforeWork), 1, 2);
    for killed in 1..=2 {
        socket.send(&message).await;
        fails(&mut socket).await;
        assert_eq!(injection.happened(), killed);
        assert_eq!(work(&file), [""; 0]);
    }
    socket.send(&message).await;
    socket.json().await;
    assert_eq!(work(&file), ["began", "committed"]);
}

#[tokio::test]
async fn the_caller_of_a_process_killed_before_its_work_is_told_of_a_crash() {
    let site = Site::start().await;
    let _injection = site.cloud.inject(kill("Echo", Point::BeforeWork), 1, 1);
    let error = site.cloud.invoke("Echo", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("signal: 9"), "{error}");
    eventually("the end of the process", || site.cloud.environments("Echo").is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_process_killed_at_its_nth_push_has_made_those_before_it() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let file = site.folder.0.join("work");
    let message = json!({ "action": "echo", "work": file, "pushes": 3 }).to_string();
    let injection = site.cloud.inject(kill("Message", Point::AtPush(2)), 1, 1);
    socket.send(&message).await;
    assert_eq!(socket.text().await, "1");
    fails(&mut socket).await;
    assert_eq!(injection.happened(), 1);
    assert_eq!(work(&file), ["began", "committed"]);
    // Each event counts from one: the second push of this one would be the fourth of a process that lived on.
    socket.send(&message).await;
    for number in ["1", "2", "3"] {
        assert_eq!(socket.text().await, number);
    }
}

#[tokio::test]
async fn pushes_are_counted_by_event() {
    // One frame at a time, so that one process has them all.
    let site = Site::with_settings(Settings { parallel_frames: 1, ..Settings::default() }).await;
    let mut socket = site.connect().await;
    let injection = site.cloud.inject(kill("Message", Point::AtPush(2)), 1, 1);
    for _ in 0..3 {
        socket.send(r#"{"action":"echo","pushes":1}"#).await;
        assert_eq!(socket.text().await, "1");
    }
    assert_eq!(injection.happened(), 0);
    assert_eq!(site.cloud.environments("Message").len(), 1);
}

#[tokio::test]
async fn a_process_killed_before_its_answer_has_done_everything() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let file = site.folder.0.join("work");
    let injection = site.cloud.inject(kill("Message", Point::BeforeAnswer), 1, 1);
    socket.send(json!({ "action": "echo", "work": file, "pushes": 2 }).to_string()).await;
    for number in ["1", "2"] {
        assert_eq!(socket.text().await, number);
    }
    fails(&mut socket).await;
    assert_eq!(injection.happened(), 1);
    assert_eq!(work(&file), ["began", "committed"]);
}

#[tokio::test]
async fn a_fault_happens_each_nth_time_so_often_and_until_it_is_dropped() {
    let site = Site::start().await;
    let injection = site.cloud.inject(kill("Echo", Point::BeforeWork), 3, 2);
    let echoes = async || site.cloud.invoke("Echo", json!({})).await.is_ok();
    let mut answered = Vec::new();
    for _ in 0..9 {
        answered.push(echoes().await);
    }
    assert_eq!(answered, [true, true, false, true, true, false, true, true, true]);
    assert_eq!(injection.happened(), 2);

    let injection = site.cloud.inject(Fault::Kill { function: None, at: Point::BeforeWork }, 1, 1000);
    assert!(site.cloud.invoke("Large", json!({ "bytes": 1 })).await.is_err());
    let (answered, ()) = tokio::join!(echoes(), happens(&injection, 2));
    assert!(!answered);
    drop(injection);
    assert!(echoes().await);
}

#[tokio::test]
async fn a_fault_of_one_function_leaves_the_others_alone() {
    let site = Site::start().await;
    let killed = site.cloud.inject(kill("Echo", Point::BeforeWork), 1, 100);
    let doubled = site.cloud.inject(Fault::DeliverTwice { function: Some("Echo".to_owned()) }, 1, 100);
    assert_eq!(site.cloud.invoke("Large", json!({ "bytes": 1 })).await.unwrap(), "x");
    assert_eq!((killed.happened(), doubled.happened()), (0, 0));
    assert!(site.cloud.invoke("Echo", json!({})).await.is_err());
}

#[tokio::test]
async fn of_two_faults_at_one_chance_the_second_waits_for_the_next() {
    let site = Site::start().await;
    let first = site.cloud.inject(kill("Echo", Point::BeforeWork), 2, 1);
    let second = site.cloud.inject(kill("Echo", Point::BeforeWork), 2, 1);
    let mut answered = Vec::new();
    for _ in 0..4 {
        answered.push(site.cloud.invoke("Echo", json!({})).await.is_ok());
    }
    assert_eq!(answered, [true, false, false, true]);
    assert_eq!((first.happened(), second.happened()), (1, 1));
}

#[tokio::test]
async fn an_event_delivered_twice_comes_at_once_then_one_after_the_other_and_is_answered_once() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let [flag, at_once, in_turn] = ["flag", "at_once", "in_turn"].map(|name| site.folder.0.join(name));
    let injection = site.cloud.inject(Fault::DeliverTwice { function: Some("Message".to_owned()) }, 1, 2);
    let message =
        |file: &_| json!({ "action": "answer", "what": "answer", "work": file, "wait": flag }).to_string();
    socket.send(message(&at_once)).await;
    let busy = |state: &EnvironmentState| *state == EnvironmentState::Busy;
    eventually("two busy processes", || {
        let environments = site.cloud.environments("Message");
        (environments.iter().filter(|environment| busy(&environment.state)).count() == 2).then_some(())
    })
    .await;
    eventually("both", || (work(&at_once).len() == 2).then_some(())).await;
    std::fs::write(&flag, "").unwrap();
    assert_eq!(socket.text().await, "an answer");
    eventually("both", || (work(&at_once).len() == 4).then_some(())).await;
    assert_eq!(work(&at_once), ["began", "began", "committed", "committed"]);

    socket.send(message(&in_turn)).await;
    assert_eq!(socket.text().await, "an answer");
    eventually("both", || (work(&in_turn).len() == 4).then_some(())).await;
    assert_eq!(work(&in_turn), ["began", "committed", "began", "committed"]);
    assert_eq!(injection.happened(), 2);

    for file in [at_once, in_turn] {
        let notes = std::fs::read_to_string(file).unwrap();
        let requests: BTreeSet<&str> = notes.lines().map(|line| line.split_once(' ').unwrap().0).collect();
        assert_eq!(requests.len(), 1, "both have one request id: {notes}");
    }
    // Had a second answer come through, it would be the next text.
    socket.id().await;
}
