//! Faults of Lambda itself: a function that is inactive, and an account that runs too many calls.

use std::time::Duration;

use chatchat_local::{EnvironmentState, Fault, InvokeError, Target};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::site::{Site, eventually};

#[tokio::test]
async fn inactive_function_fails_until_it_is_active_again() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let deactivate = |function: &str| {
        let pending = Duration::from_secs(1);
        site.cloud.inject(Fault::Inactive { target: Target::function(function), pending }, 1, 1)
    };
    assert_eq!(site.get("/echo").send().await.unwrap().status(), 200);
    let inactive = deactivate("Echo");
    // The second call comes while the function is pending.
    for _ in 0..2 {
        let response = site.get("/echo").send().await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.text().await.unwrap(), r#"{"message":"Internal Server Error"}"#);
    }
    let pending = site.cloud.invoke("Echo", json!({})).await;
    assert!(matches!(pending, Err(InvokeError::NotActive("Pending"))), "{pending:?}");
    eventually("the end of its process", || site.cloud.environments("Echo").is_empty().then_some(())).await;
    let active = async {
        while site.get("/echo").send().await.unwrap().status() != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), active).await.unwrap();
    assert_eq!(inactive.happened(), 1);

    let _inactive = (deactivate("Message"), deactivate("Connect"));
    socket.send(r#"{"action":"echo"}"#).await;
    assert_eq!(socket.json().await["message"], "Internal server error");
    assert_eq!(site.try_connect("", &[]).await.err().unwrap().status, 502);
}

#[tokio::test]
async fn account_at_its_limit_throttles_all_functions() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let throttled = site.cloud.inject(Fault::AccountLimit(10), 1, u32::MAX);
    let calls = async { join_all((0..10).map(|_| site.get("/hang").send())).await };
    let check = async {
        let busy = || {
            let environments = site.cloud.environments("Hang");
            environments.iter().filter(|one| one.state == EnvironmentState::Busy).count()
        };
        eventually("ten calls", || (busy() == 10).then_some(())).await;
        assert_eq!(throttled.happened(), 0);
        let response = site.get("/echo").send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.text().await.unwrap(), r#"{"message":"Too Many Requests"}"#);
        socket.send(r#"{"action":"echo"}"#).await;
        assert_eq!(socket.json().await["message"], "Internal server error");
        assert_eq!(site.try_connect("", &[]).await.err().unwrap().status, 502);
        let call = site.cloud.invoke("Large", json!({ "bytes": 1 })).await;
        assert!(matches!(call, Err(InvokeError::Throttled(10))), "{call:?}");
        assert_eq!(throttled.happened(), 4);
        let one = site.cloud.environments("Hang")[0].pid.unwrap();
        assert!(site.cloud.kill_environment(one));
        eventually("nine calls", || (busy() == 9).then_some(())).await;
        assert_eq!(site.get("/echo").send().await.unwrap().status(), 200);
    };
    tokio::select! {
        _ = calls => panic!("the calls hang"),
        () = check => {}
    }
}
