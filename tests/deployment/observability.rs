//! Logs, alarms and the dashboard.

use std::collections::BTreeSet;

use chatchat_domain::ErrorCode;
use chatchat_harness::root;

use crate::stacks::{ALL, Deployment, Resource, WITH_PROXY, WITHOUT_DOMAIN};

#[test]
fn every_function_has_a_log_with_retention_and_an_alarm() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let alarm = &deployment.get("observability.yaml", "FunctionsFail").properties;
    for function in deployment.functions() {
        let log = function.properties["LoggingConfig"]["LogGroup"].as_str().unwrap();
        assert_eq!(function.properties["LoggingConfig"]["LogFormat"], "JSON", "{}", function.id);
        let artifact = function.properties["Code"]["S3Key"].as_str().unwrap().strip_suffix(".zip").unwrap();
        assert_eq!(log.to_lowercase(), format!("{artifact}log"), "{}", function.id);
        let group = &deployment.get("template.yaml", log).properties;
        assert!(!group["RetentionInDays"].is_null(), "{log}");
        let filters: Vec<_> = deployment
            .of_kind("AWS::Logs::MetricFilter")
            .filter(|filter| filter.properties["LogGroupName"] == log && counts(filter) == "Failures")
            .collect();
        let [filter] = filters[..] else { panic!("{log} has {} filters", filters.len()) };
        let counted = &filter.properties["MetricTransformations"][0];
        assert_eq!(
            (&counted["MetricNamespace"], &counted["MetricName"]),
            (&alarm["Namespace"], &alarm["MetricName"]),
            "the filter of {log} must count into the alarm's metric"
        );
        let pattern = filter.properties["FilterPattern"].as_str().unwrap();
        assert!(
            pattern.contains("$.level = \"ERROR\"") && pattern.contains("$.record.status != \"success\"")
        );
    }
}

/// The name of the metric that a filter counts into.
fn counts(filter: &Resource) -> &str {
    filter.properties["MetricTransformations"][0]["MetricName"].as_str().unwrap()
}

/// The values in the filters' patterns are those that the functions log.
#[test]
fn filters_of_attacks_match_what_is_logged() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let pattern = |metric: &str| -> BTreeSet<&str> {
        let filters = deployment.of_kind("AWS::Logs::MetricFilter").filter(|filter| counts(filter) == metric);
        filters.map(|filter| filter.properties["FilterPattern"].as_str().unwrap()).collect()
    };
    let is_code = |code: &str| ErrorCode::ALL.iter().any(|known| known.as_str() == code);
    assert!(["login_failed", "too_many_attempts", "too_many_requests"].into_iter().all(is_code));
    let failed = "{ $.code = \"login_failed\" || $.code = \"too_many_attempts\" }";
    assert_eq!(pattern("FailedLogins"), [failed].into());
    assert_eq!(pattern("OverLimits"), ["{ $.code = \"too_many_requests\" }"].into());
    let source = std::fs::read_to_string(root().join("functions/auth/src/refresh.rs")).unwrap();
    let message = "a refresh token was replayed; its session is ended";
    assert!(source.contains(&format!("\"{message}\"")));
    assert_eq!(pattern("ReplayedTokens"), [format!("{{ $.message = \"{message}\" }}").as_str()].into());
}

#[test]
fn every_log_group_has_a_retention() {
    for group in Deployment::of(WITHOUT_DOMAIN).of_kind("AWS::Logs::LogGroup") {
        assert!(!group.properties["RetentionInDays"].is_null(), "{}", group.id);
    }
}

#[test]
fn alarms_notify_the_topic_and_cost_little() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let topic = deployment.only("AWS::SNS::Topic");
        let mut metrics = 0;
        for alarm in deployment.of_kind("AWS::CloudWatch::Alarm") {
            assert_eq!(alarm.properties["AlarmActions"], serde_json::json!([topic.id]), "{}", alarm.id);
            let several = alarm.properties["Metrics"].as_array();
            metrics +=
                several.map_or(1, |all| all.iter().filter(|one| one["MetricStat"].is_object()).count());
        }
        // Ten metrics with alarms are free in an account; each further one costs 10 cents a month.
        assert_eq!(metrics, if set == WITH_PROXY { 13 } else { 12 });
    }
}

#[test]
fn each_monitored_metric_has_an_alarm() {
    let deployment = Deployment::of(WITH_PROXY);
    let watched: BTreeSet<_> = deployment
        .of_kind("AWS::CloudWatch::Alarm")
        .map(|alarm| {
            let apart = &alarm.properties["Metrics"][1]["MetricStat"]["Metric"]["MetricName"];
            alarm.properties["MetricName"].as_str().or(apart.as_str()).unwrap()
        })
        .collect();
    let expected = [
        "5xx",
        "ApproximateNumberOfMessagesVisible",
        "CPUUtilization",
        "DatabaseConnections",
        "DatabaseConnectionsCurrentlySessionPinned",
        "Errors",
        "FailedLogins",
        "Failures",
        "FreeStorageSpace",
        "ExecutionError",
        "Latency",
        "ReplayedTokens",
        "Throttles",
    ];
    assert_eq!(watched, expected.into());
    let sweep = &deployment.get("observability.yaml", "SweepFails").properties;
    assert_eq!(sweep["Dimensions"][0]["Value"], "Sweep");
    assert_eq!(sweep["TreatMissingData"], "breaching", "the alarm must also detect that Sweep is not called");
}

#[test]
fn failed_schedules_go_to_the_dead_letter_queue() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    for (id, rate) in [("Sweep", "rate(5 minutes)"), ("DeletePictures", "rate(1 hour)")] {
        let function = &deployment.get("template.yaml", id).properties;
        assert_eq!(function["DeadLetterConfig"]["TargetArn"], "SweepDeadLetters.Arn", "{id}");
        let rule = &deployment.get("template.yaml", &format!("{id}Every")).properties;
        assert_eq!(rule["Targets"][0]["DeadLetterConfig"]["Arn"], "SweepDeadLetters.Arn", "{id}");
        assert_eq!(rule["ScheduleExpression"], rate, "{id}");
        let queue = deployment.get("template.yaml", "SweepDeadLettersPolicy").properties.to_string();
        assert!(queue.contains(&format!("{id}Every.Arn")), "{queue}");
    }
}

#[test]
fn dashboard_is_valid_json() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let body = deployment.only("AWS::CloudWatch::Dashboard").properties["DashboardBody"].as_str().unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["widgets"].as_array().unwrap().len() >= 9);
}
