//! Schedules: the times of calls, their events and their retries.

use std::time::{Duration, Instant};

use chatchat_local::{Cloud, Settings};
use serde_json::Value;

use crate::site::{Folder, Site, TEMPLATE, eventually, options};

const MINUTE: Duration = Duration::from_millis(50);

/// The template with an additional function that records its events.
fn with(function: &str, rest: &str) -> String {
    format!(
        "{TEMPLATE}\n  {function}:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: scheduled\n{rest}"
    )
}

fn event(kind: &str, properties: &str) -> String {
    format!("      Events: {{ Clock: {{ Type: {kind}, Properties: {{ {properties} }} }} }}\n")
}

async fn start(template: &str) -> Site {
    Site::with(template, Settings { schedule_minute: MINUTE, ..Settings::default() }).await
}

/// The events of a function so far, each with its time of arrival.
fn recorded(site: &Site, function: &str) -> Vec<Value> {
    let notes = std::fs::read_to_string(site.folder.0.join(function)).unwrap_or_default();
    notes.lines().map(|line| line.parse().unwrap()).collect()
}

async fn events(site: &Site, function: &str, count: usize) -> Vec<Value> {
    eventually("scheduled events", || Some(recorded(site, function)).filter(|events| events.len() >= count))
        .await
}

#[tokio::test]
async fn function_is_called_at_its_rate_after_one_interval() {
    let started = Instant::now();
    let site = start(&with("Sweep", &event("Schedule", "Schedule: rate(10 minutes)"))).await;
    for calls in 1..=3 {
        events(&site, "Sweep", usize::try_from(calls).unwrap()).await;
        assert!(started.elapsed() >= MINUTE * 10 * calls, "call {calls} after {:?}", started.elapsed());
    }
    assert_eq!(Settings::default().schedule_minute, Duration::from_mins(1));
}

#[tokio::test]
async fn calls_keep_their_distance_when_time_is_skipped() {
    let template = with("Sweep", &event("Schedule", "Schedule: rate(10 minutes)"));
    let site = Site::with(&template, Settings::default()).await;
    let clock = site.cloud.clock();
    let mut next = clock.wait_until(Duration::from_mins(9));
    clock.skip_quiet_time();
    for (calls, then) in [(0, 35), (3, 65), (6, 100)] {
        let _turn = next.await;
        assert_eq!(recorded(&site, "Sweep").len(), calls, "after {:?}", clock.now());
        next = clock.wait_until(Duration::from_mins(then));
    }
}

#[tokio::test]
async fn rule_event_has_the_form_of_eventbridge() {
    let site = start(&with("Sweep", &event("Schedule", "Schedule: rate(1 minute)"))).await;
    let events = events(&site, "Sweep", 2).await;
    let event = &events[0]["event"];
    assert_ne!(event["id"], events[1]["event"]["id"]);
    assert_eq!(event["id"].as_str().unwrap().len(), 36);
    let time = event["time"].as_str().unwrap();
    assert!(time.len() == "2016-12-30T18:44:49Z".len() && time.ends_with('Z'), "{time}");
    let mut rest = event.clone();
    for name in ["id", "time"] {
        rest.as_object_mut().unwrap().remove(name);
    }
    let expected = r#"{
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "region": "ap-northeast-2",
        "resources": ["arn:aws:events:ap-northeast-2:000000000000:rule/local-SweepClock"],
        "detail": {}
    }"#;
    assert_eq!(rest, expected.parse::<Value>().unwrap());
}

#[tokio::test]
async fn scheduler_event_has_its_own_form() {
    let site = start(&with("Sweep", &event("ScheduleV2", "ScheduleExpression: rate(1 minute)"))).await;
    let event = events(&site, "Sweep", 1).await[0]["event"].take();
    assert_eq!(event["source"], "aws.scheduler");
    assert_eq!(event["detail-type"], "Scheduled Event");
    assert_eq!(event["detail"], "{}");
    let arn = "arn:aws:scheduler:ap-northeast-2:000000000000:schedule/default/SweepClock";
    assert_eq!(event["resources"][0], arn);
}

#[tokio::test]
async fn input_replaces_the_event() {
    for (kind, expression) in [("Schedule", "Schedule"), ("ScheduleV2", "ScheduleExpression")] {
        let properties = format!(r#"{expression}: rate(1 minute), Input: '{{"batch":7}}'"#);
        let site = start(&with("Sweep", &event(kind, &properties))).await;
        assert_eq!(events(&site, "Sweep", 1).await[0]["event"].to_string(), r#"{"batch":7}"#);
    }
}

#[tokio::test]
async fn failed_call_is_retried_after_1_and_2_minutes() {
    let rest = format!(
        "      Environment: {{ Variables: {{ FAILS: \"yes\" }} }}\n{}",
        event("Schedule", "Schedule: rate(20 minutes)")
    );
    let site = start(&with("Sweep", &rest)).await;
    let line = |line: &String| line.starts_with("schedule Sweep ") && line.ends_with("; given up");
    eventually("the last retry", || site.lines.lock().unwrap().iter().any(line).then_some(())).await;
    let mut tries = recorded(&site, "Sweep");
    let first = tries[0]["event"]["id"].clone();
    tries.retain(|noted| noted["event"]["id"] == first);
    assert_eq!(tries.len(), 3, "{tries:?}");
    let at = |which: usize| Duration::from_millis(tries[which]["at"].as_u64().unwrap());
    // The times are whole milliseconds.
    let granularity = Duration::from_millis(1);
    assert!(at(1) + granularity >= at(0) + MINUTE, "{tries:?}");
    assert!(at(2) + granularity >= at(1) + MINUTE * 2, "{tries:?}");
}

#[tokio::test]
async fn disabled_schedules_and_absent_functions_do_nothing() {
    let mut template = with("Sweep", &event("Schedule", "Schedule: rate(2 minutes)"));
    for (name, properties) in [
        ("Disabled", "Schedule: rate(1 minute), State: DISABLED"),
        ("Off", "Schedule: rate(1 minute), Enabled: false"),
        ("Absent", "Schedule: rate(1 minute)"),
    ] {
        template = template.replace(TEMPLATE, &with(name, &event("Schedule", properties)));
    }
    template = template.replace("  Absent:\n", "  Absent:\n    Condition: Never\n");
    template.push_str("Conditions: { Never: !Equals [a, b] }\n");
    let site = start(&template).await;
    events(&site, "Sweep", 3).await;
    for name in ["Disabled", "Off", "Absent"] {
        assert_eq!(recorded(&site, name), [Value::Null; 0], "{name}");
        let line = format!("schedule {name} ");
        assert!(!site.lines.lock().unwrap().iter().any(|written| written.starts_with(&line)), "{name}");
    }
}

#[tokio::test]
async fn unsupported_schedule_fails_the_start() {
    let folder = Folder::new();
    for (kind, properties, problem) in [
        (
            "Schedule",
            "Schedule: cron(0 3 * * ? *)",
            "cron(0 3 * * ? *): the local cloud supports rate(...) only",
        ),
        (
            "ScheduleV2",
            "ScheduleExpression: at(2030-01-01T00:00:00)",
            "the local cloud supports rate(...) only",
        ),
        ("Schedule", "Schedule: rate(1 minutes)", "rate(1 minutes): rate(VALUE UNIT) is expected"),
        ("Schedule", "Schedule: rate(1 minute), Input: '{'", "Input is not JSON"),
    ] {
        let template = with("Sweep", &event(kind, properties));
        let error = Cloud::start(options(&folder, &template)).await.unwrap_err().to_string();
        assert!(
            error.contains("Resources.Sweep.Properties.Events.Clock") && error.contains(problem),
            "{error}"
        );
    }
}

#[tokio::test]
async fn schedules_end_with_the_cloud() {
    let template = with("Sweep", &event("Schedule", "Schedule: rate(1 minute)"));
    let (ending, other) = tokio::join!(start(&template), start(&template));
    events(&ending, "Sweep", 2).await;
    let Site { cloud, lines, .. } = ending;
    cloud.stop().await;
    let written = lines.lock().unwrap().len();
    let before = recorded(&other, "Sweep").len();
    events(&other, "Sweep", before + 3).await;
    assert_eq!(lines.lock().unwrap()[written..], [""; 0], "no call is attempted");
}
