//! Faults of `@connections`: calls that fail, hang or are late.

use std::time::{Duration, Instant};

use chatchat_local::{Answer, Fault, Settings};
use reqwest::Method;

use crate::site::{Site, wait_for_fault};

#[tokio::test]
async fn faulty_call_gets_its_status_and_is_not_carried_out() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    for (answer, status, kind) in [
        (Answer::Gone, 410, "GoneException"),
        (Answer::Throttled, 429, "LimitExceededException"),
        (Answer::Failed, 500, "InternalServerErrorException"),
    ] {
        let injection = site.cloud.inject(Fault::Connections(answer), 1, 2);
        // The fault applies to POST and DELETE only.
        assert_eq!(site.manage(Method::GET, &id).send().await.unwrap().status(), 200);
        for method in [Method::POST, Method::DELETE] {
            let response = site.manage(method, &id).body("lost").send().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["x-amzn-errortype"], kind);
        }
        assert_eq!(injection.happened(), 2);
    }
    assert_eq!(site.manage(Method::POST, &id).body("kept").send().await.unwrap().status(), 200);
    assert_eq!(socket.text().await, "kept", "the connection is open, and nothing else was sent");
}

#[tokio::test]
async fn hanging_call_lasts_until_the_caller_gives_up() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let injection = site.cloud.inject(Fault::Connections(Answer::Hang), 1, 1);
    let call = site.manage(Method::POST, &id).body("lost").timeout(Duration::from_secs(1));
    let (error, ()) = tokio::join!(call.send(), wait_for_fault(&injection, 1));
    assert!(error.unwrap_err().is_timeout());
    assert_eq!(site.manage(Method::POST, &id).body("kept").send().await.unwrap().status(), 200);
    assert_eq!(socket.text().await, "kept");
}

#[tokio::test]
async fn hanging_call_gets_504_at_the_integration_limit() {
    let settings =
        Settings { websocket_integration_limit: Duration::from_millis(800), ..Settings::default() };
    let site = Site::with_settings(settings).await;
    let id = site.connect().await.id().await;
    let _injection = site.cloud.inject(Fault::Connections(Answer::Hang), 1, 1);
    let started = Instant::now();
    assert_eq!(site.manage(Method::POST, &id).send().await.unwrap().status(), 504);
    assert!(started.elapsed() >= Duration::from_millis(800));
}

#[tokio::test]
async fn late_call_is_carried_out_even_without_a_caller() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let late = Duration::from_secs(1);
    let _injection = site.cloud.inject(Fault::Connections(Answer::Late(late)), 1, 1);
    let started = Instant::now();
    assert_eq!(site.manage(Method::POST, &id).body("late").send().await.unwrap().status(), 200);
    assert!(started.elapsed() >= late);
    assert_eq!(socket.text().await, "late");

    let _injection = site.cloud.inject(Fault::Connections(Answer::Late(late)), 1, 1);
    let call = site.manage(Method::POST, &id).body("later").timeout(late / 3);
    assert!(call.send().await.unwrap_err().is_timeout());
    assert_eq!(socket.text().await, "later", "it is carried out although the caller has given up");
}
