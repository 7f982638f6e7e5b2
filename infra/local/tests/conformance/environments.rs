//! The execution environments of a function: their session tokens and their lifetime.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chatchat_local::{Calls, Cloud, EnvironmentState, Options, Settings};
use serde_json::{Value, json};

use crate::site::{Folder, Site, TEMPLATE, eventually, options, process_state};

#[tokio::test]
async fn each_environment_has_its_own_session_token() {
    let site = Site::start().await;
    let echoes = futures_util::future::join_all((0..10).map(|_| site.echo(site.get("/echo")))).await;
    let values = |name: &str| -> BTreeSet<String> {
        echoes.iter().map(|echo| format!("{} {}", echo["pid"], echo["environment"][name])).collect()
    };
    let pids: BTreeSet<u64> = echoes.iter().map(|echo| echo["pid"].as_u64().unwrap()).collect();
    let tokens: BTreeSet<&str> =
        echoes.iter().map(|echo| echo["environment"]["AWS_SESSION_TOKEN"].as_str().unwrap()).collect();
    assert!(pids.len() > 1, "{pids:?}");
    assert_eq!(tokens.len(), pids.len(), "{tokens:?}");
    assert_eq!(values("AWS_SESSION_TOKEN").len(), pids.len(), "a process keeps its token");
}

#[tokio::test]
async fn idle_environment_ends_at_the_limit_and_busy_one_does_not() {
    let limit = Duration::from_millis(400);
    let site = Site::with_settings(Settings { idle_environment_limit: limit, ..Settings::default() }).await;
    let ended = async {
        eventually("a busy process", || {
            let environments = site.cloud.environments("Hang");
            environments.iter().any(|environment| environment.state == EnvironmentState::Busy).then_some(())
        })
        .await;
        let started = Instant::now();
        let pid = u32::try_from(site.echo(site.get("/echo")).await["pid"].as_u64().unwrap()).unwrap();
        eventually("the end of the idle process", || process_state(pid).is_none().then_some(())).await;
        assert!(started.elapsed() >= limit, "{:?}", started.elapsed());
        eventually("the end of its slot", || site.cloud.environments("Echo").is_empty().then_some(())).await;
        assert_ne!(site.echo(site.get("/echo")).await["pid"], pid);
    };
    tokio::select! {
        _ = site.cloud.invoke("Hang", json!({})) => panic!("a busy process was ended"),
        () = ended => {}
    }
    assert_eq!(Settings::default().idle_environment_limit, Duration::from_mins(5));
}

#[tokio::test]
async fn skipped_time_ends_idle_environments() {
    let site = Site::start().await;
    let clock = site.cloud.clock();
    let first = site.echo(site.get("/echo")).await["pid"].clone();
    let limit = Settings::default().idle_environment_limit;
    let before = clock.wait_until(clock.now() + limit / 2);
    clock.skip_quiet_time();
    let turn = before.await;
    assert_eq!(site.echo(site.get("/echo")).await["pid"], first);
    let after = clock.wait_until(clock.now() + limit * 2);
    drop(turn);
    let _turn = after.await;
    assert_ne!(site.echo(site.get("/echo")).await["pid"], first);
}

#[tokio::test]
async fn report_of_a_call_says_whether_it_was_cold() {
    let (folder, reported) = (Folder::new(), Arc::new(Mutex::new(Vec::new())));
    let reports = Arc::clone(&reported);
    let calls: Calls = Arc::new(move |called| {
        let event: Value = serde_json::from_slice(called.event).unwrap();
        reports.lock().unwrap().push((called.function.to_owned(), event["n"].clone(), called.is_cold));
    });
    let cloud = Cloud::start(Options { calls: Some(calls), ..options(&folder, TEMPLATE) }).await.unwrap();
    for n in 1..=2 {
        cloud.invoke("Answer", json!({ "n": n })).await.unwrap();
    }
    let call = |n, is_cold| ("Answer".to_owned(), json!(n), is_cold);
    assert_eq!(*reported.lock().unwrap(), [call(1, true), call(2, false)]);
    cloud.stop().await;
}
