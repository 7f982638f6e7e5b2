//! Faults of functions: processes that are killed at a point of their work, and events that are
//! delivered twice.

use std::collections::BTreeSet;

use chatchat_local::{EnvironmentState, Fault, Point, Settings, Target};
use serde_json::json;

use crate::site::{Site, Socket, eventually, wait_for_fault, work};

fn kill(function: &str, at: Point) -> Fault {
    Fault::Kill { target: Target::function(function), at }
}

async fn expect_failure(socket: &mut Socket) {
    assert_eq!(socket.json().await["message"], "Internal server error");
}

#[tokio::test]
async fn process_killed_before_work_does_not_get_the_event() {
    let site = Site::start().await;
    let file = site.folder.0.join("work");
    let message = json!({ "action": "echo", "work": file }).to_string();
    let mut socket = site.connect().await;
    // The first process that is killed is warm, and the second one is just starting.
    socket.id().await;
    let injection = site.cloud.inject(kill("Message", Point::BeforeWork), 1, 2);
    for killed in 1..=2 {
        socket.send(&message).await;
        expect_failure(&mut socket).await;
        assert_eq!(injection.happened(), killed);
        assert_eq!(work(&file), [""; 0]);
    }
    socket.send(&message).await;
    socket.json().await;
    assert_eq!(work(&file), ["began", "committed"]);
}

#[tokio::test]
async fn caller_of_a_process_killed_before_work_gets_an_error() {
    let site = Site::start().await;
    let _injection = site.cloud.inject(kill("Echo", Point::BeforeWork), 1, 1);
    let error = site.cloud.invoke("Echo", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("signal: 9"), "{error}");
    eventually("the end of the process", || site.cloud.environments("Echo").is_empty().then_some(())).await;
}

#[tokio::test]
async fn process_killed_at_nth_push_has_made_earlier_pushes() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let file = site.folder.0.join("work");
    let message = json!({ "action": "echo", "work": file, "pushes": 3 }).to_string();
    let injection = site.cloud.inject(kill("Message", Point::AtPush(2)), 1, 1);
    socket.send(&message).await;
    assert_eq!(socket.text().await, "1");
    expect_failure(&mut socket).await;
    assert_eq!(injection.happened(), 1);
    assert_eq!(work(&file), ["began", "committed"]);
    // The pushes of each event are counted from one.
    socket.send(&message).await;
    for number in ["1", "2", "3"] {
        assert_eq!(socket.text().await, number);
    }
}

#[tokio::test]
async fn pushes_are_counted_per_event() {
    // One frame at a time, so that the same process gets all of them.
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
async fn process_killed_before_its_answer_has_done_its_work() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let file = site.folder.0.join("work");
    let injection = site.cloud.inject(kill("Message", Point::BeforeAnswer), 1, 1);
    socket.send(json!({ "action": "echo", "work": file, "pushes": 2 }).to_string()).await;
    for number in ["1", "2"] {
        assert_eq!(socket.text().await, number);
    }
    expect_failure(&mut socket).await;
    assert_eq!(injection.happened(), 1);
    assert_eq!(work(&file), ["began", "committed"]);
}

#[tokio::test]
async fn fault_respects_interval_maximum_and_drop() {
    let site = Site::start().await;
    let injection = site.cloud.inject(kill("Echo", Point::BeforeWork), 3, 2);
    let echoes = async || site.cloud.invoke("Echo", json!({})).await.is_ok();
    let mut answered = Vec::new();
    for _ in 0..9 {
        answered.push(echoes().await);
    }
    assert_eq!(answered, [true, true, false, true, true, false, true, true, true]);
    assert_eq!(injection.happened(), 2);

    let injection = site.cloud.inject(Fault::Kill { target: Target::any(), at: Point::BeforeWork }, 1, 1000);
    assert!(site.cloud.invoke("Large", json!({ "bytes": 1 })).await.is_err());
    let (answered, ()) = tokio::join!(echoes(), wait_for_fault(&injection, 2));
    assert!(!answered);
    drop(injection);
    assert!(echoes().await);
}

#[tokio::test]
async fn fault_of_one_function_does_not_affect_others() {
    let site = Site::start().await;
    let killed = site.cloud.inject(kill("Echo", Point::BeforeWork), 1, 100);
    let doubled = site.cloud.inject(Fault::DeliverTwice { target: Target::function("Echo") }, 1, 100);
    assert_eq!(site.cloud.invoke("Large", json!({ "bytes": 1 })).await.unwrap(), "x");
    assert_eq!((killed.happened(), doubled.happened()), (0, 0));
    assert!(site.cloud.invoke("Echo", json!({})).await.is_err());
}

#[tokio::test]
async fn fault_of_one_route_does_not_affect_others_of_the_function() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let target = || Target::route("Message", "echo");
    let killed = site.cloud.inject(Fault::Kill { target: target(), at: Point::BeforeWork }, 1, 1);
    let doubled = site.cloud.inject(Fault::DeliverTwice { target: target() }, 1, 1);
    for at in [Point::BeforeWork, Point::BeforeAnswer] {
        let killed = site.cloud.inject(Fault::Kill { target: target(), at }, 1, 1);
        socket.send(r#"{"action":"answer","what":"answer"}"#).await;
        assert_eq!(socket.text().await, "an answer");
        assert_eq!(killed.happened(), 0);
    }
    assert_eq!((killed.happened(), doubled.happened()), (0, 0));
    socket.send(r#"{"action":"echo"}"#).await;
    expect_failure(&mut socket).await;
    assert_eq!((killed.happened(), doubled.happened()), (1, 1));
}

#[tokio::test]
async fn at_most_one_of_two_faults_happens_at_a_chance() {
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
async fn event_is_delivered_twice_concurrently_then_in_sequence() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let [flag, concurrent, in_sequence] =
        ["flag", "concurrent", "in_sequence"].map(|name| site.folder.0.join(name));
    let injection = site.cloud.inject(Fault::DeliverTwice { target: Target::function("Message") }, 1, 2);
    let message =
        |file: &_| json!({ "action": "answer", "what": "answer", "work": file, "wait": flag }).to_string();
    socket.send(message(&concurrent)).await;
    let busy = |state: &EnvironmentState| *state == EnvironmentState::Busy;
    eventually("two busy processes", || {
        let environments = site.cloud.environments("Message");
        (environments.iter().filter(|environment| busy(&environment.state)).count() == 2).then_some(())
    })
    .await;
    eventually("both deliveries", || (work(&concurrent).len() == 2).then_some(())).await;
    std::fs::write(&flag, "").unwrap();
    assert_eq!(socket.text().await, "an answer");
    eventually("both deliveries", || (work(&concurrent).len() == 4).then_some(())).await;
    assert_eq!(work(&concurrent), ["began", "began", "committed", "committed"]);

    socket.send(message(&in_sequence)).await;
    assert_eq!(socket.text().await, "an answer");
    eventually("both deliveries", || (work(&in_sequence).len() == 4).then_some(())).await;
    assert_eq!(work(&in_sequence), ["began", "committed", "began", "committed"]);
    assert_eq!(injection.happened(), 2);

    for file in [concurrent, in_sequence] {
        let notes = std::fs::read_to_string(file).unwrap();
        let requests: BTreeSet<&str> = notes.lines().map(|line| line.split_once(' ').unwrap().0).collect();
        assert_eq!(requests.len(), 1, "both deliveries have the same request id: {notes}");
    }
    // If the client got a second response, it would be the next text.
    socket.id().await;
}
