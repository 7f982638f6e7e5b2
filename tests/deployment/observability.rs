//! Logs, alarms and the dashboard.

use std::collections::BTreeSet;

use crate::stacks::{ALL, Deployment, WITH_PROXY, WITHOUT_DOMAIN};

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
            .filter(|filter| filter.properties["LogGroupName"] == log)
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

#[test]
fn every_log_group_has_a_retention() {
    for group in Deployment::of(WITHOUT_DOMAIN).of_kind("AWS::Logs::LogGroup") {
        assert!(!group.properties["RetentionInDays"].is_null(), "{}", group.id);
    }
}

#[test]
fn alarms_notify_the_topic_and_are_free_without_a_proxy() {
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
        // Ten metrics with alarms are free in an account.
        assert_eq!(metrics, if set == WITH_PROXY { 11 } else { 10 });
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
        "Failures",
        "FreeStorageSpace",
        "ExecutionError",
        "Latency",
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
