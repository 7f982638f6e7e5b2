//! Logs, alarms and the dashboard.

use std::collections::BTreeSet;

use chatchat_domain::ErrorCode;
use chatchat_harness::root;

use crate::stacks::{ALL, Deployment, Resource, WITH_PROXY, WITHOUT_DOMAIN};

#[test]
fn every_function_has_a_log_with_retention_whose_problems_are_counted() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    for function in deployment.functions() {
        let log = function.properties["LoggingConfig"]["LogGroup"].as_str().unwrap();
        assert_eq!(function.properties["LoggingConfig"]["LogFormat"], "JSON", "{}", function.id);
        let artifact = function.properties["Code"]["S3Key"].as_str().unwrap().strip_suffix(".zip").unwrap();
        assert_eq!(log.to_lowercase(), format!("{artifact}log"), "{}", function.id);
        let group = &deployment.get("template.yaml", log).properties;
        assert!(!group["RetentionInDays"].is_null(), "{log}");
        let pushes = !function.properties["Environment"]["Variables"]["WEBSOCKET_MANAGEMENT_URL"].is_null();
        for (alarm, counted) in
            [("FunctionsFail", true), ("DatabaseIsUnavailable", true), ("PushesFail", pushes)]
        {
            let alarm = &deployment.get("observability.yaml", alarm).properties;
            let filters = deployment.of_kind("AWS::Logs::MetricFilter").filter(|filter| {
                let to = &filter.properties["MetricTransformations"][0];
                filter.properties["LogGroupName"] == log
                    && (&to["MetricNamespace"], &to["MetricName"])
                        == (&alarm["Namespace"], &alarm["MetricName"])
            });
            let count = filters.count();
            assert!(count == 1 || !counted && count == 0, "{log} has {count} filters of {alarm}");
        }
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
        assert_eq!(metrics, if set == WITH_PROXY { 17 } else { 16 });
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
        "CPUSurplusCreditsCharged",
        "CPUUtilization",
        "DatabaseConnections",
        "DatabaseConnectionsCurrentlySessionPinned",
        "Errors",
        "FailedLogins",
        "Failures",
        "FreeStorageSpace",
        "ExecutionError",
        "Latency",
        "PushFailures",
        "ReplayedTokens",
        "Throttles",
        "Unavailable",
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

#[test]
fn canary_and_budget_can_be_turned_off() {
    let default = Deployment::of(WITHOUT_DOMAIN);
    assert!(default.find("observability.yaml", "ConversationFails").is_some());
    assert_eq!(default.of_kind("AWS::Budgets::Budget").count(), 0, "a budget needs an address");
    let alarm = &default.get("observability.yaml", "ConversationFails").properties;
    assert_eq!(alarm["Dimensions"][0]["Value"], "Converse");
    assert_eq!(alarm["TreatMissingData"], "breaching", "the alarm must also detect that it is not called");
    // A period has at least one conversation, and each failed one is repeated.
    assert_eq!(
        default.get("template.yaml", "ConverseEvery").properties["ScheduleExpression"],
        "rate(15 minutes)"
    );
    assert_eq!((&alarm["Period"], &alarm["Threshold"]), (&1800.into(), &2.into()));
    let retries = &default.get("template.yaml", "ConverseEventInvokeConfig").properties;
    assert_eq!((&retries["FunctionName"], &retries["MaximumRetryAttempts"]), (&"Converse".into(), &1.into()));

    let off = Deployment::of(&[("Canary", "off"), ("AlarmEmail", "ops@example.com")]);
    assert!(off.find("template.yaml", "Converse").is_none());
    assert!(off.find("observability.yaml", "ConversationFails").is_none());
    let budget = &off.only("AWS::Budgets::Budget").properties;
    assert_eq!(budget["Budget"]["BudgetLimit"]["Amount"], "35");
    for notification in budget["NotificationsWithSubscribers"].as_array().unwrap() {
        assert_eq!(notification["Subscribers"][0]["Address"], "ops@example.com");
    }
    let none = Deployment::of(&[("AlarmEmail", "ops@example.com"), ("MonthlyBudget", "0")]);
    assert_eq!(none.of_kind("AWS::Budgets::Budget").count(), 0);
}
