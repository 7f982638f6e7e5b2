//! Lambda: facts 22 and 23, and the life of a function's processes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use chatchat_local::{EnvironmentState, InvokeError, Settings};
use serde_json::json;

use crate::site::{Site, eventually, process_state};

#[tokio::test]
async fn item_22_next_has_request_id_deadline_arn_and_trace() {
    let site = Site::start().await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let echo = site.echo(site.get("/echo")).await;
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let deadline = Duration::from_millis(echo["deadline"].as_u64().unwrap());
    let timeout = Duration::from_secs(20);
    assert!(
        deadline + Duration::from_millis(1) >= before + timeout && deadline <= after + timeout,
        "{deadline:?}"
    );
    assert_eq!(echo["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(echo["arn"], "arn:aws:lambda:ap-northeast-2:000000000000:function:Echo");
    assert!(echo["trace"].as_str().unwrap().starts_with("Root=1-"), "{}", echo["trace"]);
}

#[tokio::test]
async fn item_22_process_has_only_lambdas_environment() {
    let site = Site::start().await;
    let environment = site.echo(site.get("/echo")).await["environment"].take();
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "Echo"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("_HANDLER", "echo"),
        ("AWS_REGION", "ap-northeast-2"),
        ("TZ", ":UTC"),
        ("AWS_ACCESS_KEY_ID", site.cloud.access_key()),
        ("KEY", "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:Key"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    for name in ["HOME", "CARGO_MANIFEST_DIR", "RUST_LOG"] {
        assert_eq!(environment.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn item_22_next_waits_for_an_event_in_the_same_process() {
    let site = Site::start().await;
    let first = site.echo(site.get("/echo")).await["pid"].as_u64();
    for _ in 0..50 {
        assert_eq!(site.echo(site.get("/echo")).await["pid"].as_u64(), first);
    }
    let [environment] = site.cloud.environments("Echo")[..] else { panic!("one process is expected") };
    assert_eq!(environment.served, 51);
}

#[tokio::test]
async fn item_23_error_response_fails_the_call_and_keeps_the_process() {
    let site = Site::start().await;
    let mut pids = BTreeSet::new();
    for _ in 0..3 {
        let error = site.cloud.invoke("Fail", json!({})).await.unwrap_err();
        assert!(
            matches!(&error, InvokeError::Function { message, .. } if message == "the probe fails"),
            "{error}"
        );
        pids.extend(site.cloud.environments("Fail").iter().map(|environment| environment.pid));
    }
    assert_eq!(pids.len(), 1);
}

#[tokio::test]
async fn item_23_failed_init_fails_the_call_with_the_reason() {
    let site = Site::start().await;
    let error = site.cloud.invoke("InitExit", json!({})).await.unwrap_err().to_string();
    assert!(
        error.contains("exit status: 7") && error.contains("the probe does not like its configuration"),
        "{error}"
    );
    assert!(
        site.lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("InitExit") && line.contains("does not like"))
    );
    let reported = site.cloud.invoke("InitError", json!({})).await.unwrap_err();
    assert_eq!(reported, InvokeError::Init("Probe.Config: a setting is missing".to_owned()));
    eventually("the end of the processes", || site.cloud.environments("InitError").is_empty().then_some(()))
        .await;
}

#[tokio::test]
async fn item_23_init_has_a_limit_of_10_seconds() {
    assert_eq!(Settings::default().init_limit, Duration::from_secs(10));
    let site =
        Site::with_settings(Settings { init_limit: Duration::from_millis(200), ..Settings::default() }).await;
    let error = site.cloud.invoke("InitHang", json!({})).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Init(message) if message.contains("200ms")), "{error}");
    assert_eq!(site.cloud.environments("InitHang"), []);
}

#[tokio::test]
async fn item_23_process_is_frozen_between_events() {
    let site = Site::start().await;
    let count = async || site.cloud.invoke("Background", json!({})).await.unwrap().as_u64().unwrap();
    let before = count().await;
    let pid = site.cloud.environments("Background")[0].pid.unwrap();
    eventually("the freeze", || process_state(pid).filter(|state| *state == 'T')).await;
    // A thread of the process counts once a millisecond while the process runs.
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(500) {
        site.echo(site.get("/echo")).await;
    }
    let counted = count().await - before;
    assert!(counted < 100, "it counted {counted} while it was frozen for half a second");
    assert_eq!(site.cloud.environments("Background")[0].pid, Some(pid));
}

#[tokio::test]
async fn item_23_20_concurrent_events_run_in_20_processes() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let flag = site.folder.0.join("flag");
    for _ in 0..20 {
        socket.send(json!({ "action": "echo", "wait": flag }).to_string()).await;
    }
    let busy = || {
        site.cloud
            .environments("Message")
            .iter()
            .filter(|environment| environment.state == EnvironmentState::Busy)
            .count()
    };
    eventually("20 busy processes", || (busy() == 20).then_some(())).await;
    std::fs::write(flag, "").unwrap();
    for _ in 0..20 {
        socket.text().await;
    }
}

#[tokio::test]
async fn concurrent_http_requests_run_in_several_processes() {
    let site = Site::start().await;
    let echoes = futures_util::future::join_all((0..20).map(|_| site.echo(site.get("/echo")))).await;
    let pids: BTreeSet<_> = echoes.iter().map(|echo| echo["pid"].as_u64().unwrap()).collect();
    assert!(pids.len() > 1, "{pids:?}");
}

#[tokio::test]
async fn call_over_the_process_limit_is_throttled() {
    let site = Site::with_settings(Settings { environments: 2, ..Settings::default() }).await;
    let calls = (0..2).map(|_| site.cloud.invoke("Hang", json!({})));
    let throttled = async {
        eventually("two busy processes", || {
            let environments = site.cloud.environments("Hang");
            (environments.iter().filter(|environment| environment.state == EnvironmentState::Busy).count()
                == 2)
                .then_some(())
        })
        .await;
        site.cloud.invoke("Hang", json!({})).await.unwrap_err()
    };
    tokio::select! {
        _ = futures_util::future::join_all(calls) => panic!("a hanging call returned"),
        error = throttled => assert_eq!(error, InvokeError::Throttled(2)),
    }
}

#[tokio::test]
async fn process_killed_during_a_request_fails_only_that_request() {
    let site = Site::start().await;
    let kill = async {
        let pid = eventually("a busy process", || {
            let environments = site.cloud.environments("Hang");
            environments.iter().find(|environment| environment.state == EnvironmentState::Busy)?.pid
        })
        .await;
        assert!(site.cloud.kill_environment(pid));
    };
    let (response, ()) = tokio::join!(site.get("/hang").send(), kill);
    assert_eq!(response.unwrap().status(), 500);

    let mut socket = site.connect().await;
    let flag = site.folder.0.join("flag");
    socket.send(json!({ "action": "echo", "wait": flag }).to_string()).await;
    let pid = eventually("a busy process", || site.cloud.environments("Message").first()?.pid).await;
    eventually("the event", || (site.cloud.environments("Message")[0].served == 1).then_some(())).await;
    site.cloud.kill_environment(pid);
    assert_eq!(socket.json().await["message"], "Internal server error");
    socket.id().await;
    assert_ne!(site.cloud.environments("Message")[0].pid, Some(pid));
}

#[tokio::test]
async fn killed_idle_process_is_replaced() {
    let site = Site::start().await;
    let pid = u32::try_from(site.echo(site.get("/echo")).await["pid"].as_u64().unwrap()).unwrap();
    assert!(site.cloud.kill_environment(pid));
    assert_ne!(site.echo(site.get("/echo")).await["pid"], pid);
    assert!(!site.cloud.kill_environment(1), "only processes of functions can be killed");
}

#[tokio::test]
async fn crash_fails_the_call_and_removes_the_process() {
    let site = Site::start().await;
    let error = site.cloud.invoke("Crash", json!({})).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Crashed(why) if why.contains("exit status: 3")), "{error}");
    assert_eq!(site.cloud.environments("Crash"), []);
}

#[tokio::test]
async fn function_over_its_timeout_is_killed() {
    let site = Site::start().await;
    let error = site.cloud.invoke("Brief", json!({})).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut(Duration::from_secs(1)));
    assert_eq!(site.cloud.environments("Brief"), []);
}

#[tokio::test]
async fn response_over_6_mb_fails_the_call_and_keeps_the_process() {
    let site = Site::start().await;
    let error = site.cloud.invoke("Large", json!({})).await.unwrap_err();
    assert!(matches!(error, InvokeError::AnswerTooLarge { .. }), "{error}");
    assert_eq!(site.cloud.invoke("Large", json!({ "bytes": 3 })).await.unwrap(), "xxx");
    assert_eq!(site.cloud.environments("Large").len(), 1);
}

#[tokio::test]
async fn unknown_function_is_an_error() {
    let site = Site::start().await;
    assert_eq!(
        site.cloud.invoke("Unknown", json!({})).await,
        Err(InvokeError::UnknownFunction("Unknown".to_owned()))
    );
}
