//! What CloudWatch makes of the functions' logs: the metrics of filters and of embedded metrics, and
//! the states of the alarms on them.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::stacks::{Deployment, Resource};
use pattern::{Pattern, member};

/// A line of a function's log.
struct Line {
    function: String,
    group: String,
    time: OffsetDateTime,
    json: Value,
}

/// A namespace, a name, and the dimensions.
type Metric = (String, String, BTreeMap<String, String>);

/// The datapoints of the metrics that follow from a log.
pub struct Metrics(BTreeMap<Metric, Vec<(OffsetDateTime, f64)>>);

impl Metrics {
    /// Returns the metrics of the functions' logs, by the functions' logical ids.
    pub fn of(deployment: &Deployment, logs: &BTreeMap<String, String>) -> Self {
        let lines = lines(deployment, logs);
        let mut metrics = Self(BTreeMap::new());
        for filter in deployment.of_kind("AWS::Logs::MetricFilter") {
            metrics.add_filter(filter, &lines);
        }
        for line in &lines {
            metrics.add_embedded(line);
            metrics.add_errors(line);
        }
        metrics
    }

    fn add(&mut self, metric: Metric, time: OffsetDateTime, value: f64) {
        self.0.entry(metric).or_default().push((time, value));
    }

    /// A filter's metric has its default value for each line that does not match.
    fn add_filter(&mut self, filter: &Resource, lines: &[Line]) {
        let properties = &filter.properties;
        let pattern = properties["FilterPattern"].as_str().unwrap();
        let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{}: {error}", filter.id));
        let [to] = properties["MetricTransformations"].as_array().unwrap().as_slice() else {
            panic!("{}: a filter has one transformation", filter.id)
        };
        let text = |name: &str| to[name].as_str().unwrap().to_owned();
        let metric = (text("MetricNamespace"), text("MetricName"), BTreeMap::new());
        for line in lines.iter().filter(|line| properties["LogGroupName"] == line.group.as_str()) {
            let value = if pattern.matches(&line.json) {
                match text("MetricValue") {
                    value if value.starts_with("$.") => member(&line.json, &value).and_then(Value::as_f64),
                    value => Some(value.parse().unwrap()),
                }
            } else {
                to["DefaultValue"].as_f64()
            };
            if let Some(value) = value {
                self.add(metric.clone(), line.time, value);
            }
        }
    }

    /// Reads the embedded metrics of a line, and checks their format:
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    fn add_embedded(&mut self, line: &Line) {
        let Some(metadata) = line.json.get("_aws") else { return };
        let millis = i128::from(metadata["Timestamp"].as_i64().unwrap());
        let time = OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000).unwrap();
        for directive in metadata["CloudWatchMetrics"].as_array().unwrap() {
            let namespace = directive["Namespace"].as_str().unwrap();
            for dimensions in directive["Dimensions"].as_array().unwrap() {
                assert_eq!(dimensions, &Value::Array(Vec::new()), "each combination of values costs money");
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = metric["Name"].as_str().unwrap();
                    let value =
                        line.json[name].as_f64().unwrap_or_else(|| panic!("no {name}: {}", line.json));
                    self.add((namespace.to_owned(), name.to_owned(), BTreeMap::new()), time, value);
                }
            }
        }
    }

    /// Lambda's metric `Errors` counts the calls that Lambda reports as failed, and is 0 for other
    /// calls.
    fn add_errors(&mut self, line: &Line) {
        let failed = line.json["type"] == "platform.report";
        let dimensions = BTreeMap::from([("FunctionName".to_owned(), line.function.clone())]);
        let metric = ("AWS/Lambda".to_owned(), "Errors".to_owned(), dimensions);
        self.add(metric, line.time, f64::from(u8::from(failed)));
    }

    /// Returns the names of all metrics in a namespace.
    pub fn names(&self, namespace: &str) -> BTreeSet<&str> {
        self.0.keys().filter(|(of, ..)| of == namespace).map(|(_, name, _)| name.as_str()).collect()
    }

    /// Returns the alarms that are raised at a time, among those whose metric follows from a log.
    pub fn raised<'a>(&self, deployment: &'a Deployment, now: OffsetDateTime) -> BTreeSet<&'a str> {
        let alarms = deployment.of_kind("AWS::CloudWatch::Alarm").filter(|alarm| is_from_log(alarm));
        alarms.filter(|alarm| self.is_raised(alarm, now)).map(|alarm| alarm.id.as_str()).collect()
    }

    fn is_raised(&self, alarm: &Resource, now: OffsetDateTime) -> bool {
        let properties = &alarm.properties;
        assert!(properties["DatapointsToAlarm"].is_null(), "{}: not evaluated here", alarm.id);
        let none = Vec::new();
        let all = self.0.get(&metric_of(properties)).unwrap_or(&none);
        let period = Duration::seconds(integer(&properties["Period"]).into());
        let periods = integer(&properties["EvaluationPeriods"]);
        (0..periods).all(|index| {
            let end = now - period * index;
            let within = all.iter().filter(|(time, _)| *time > end - period && *time <= end);
            let values: Vec<f64> = within.map(|(_, value)| *value).collect();
            if values.is_empty() {
                return match properties["TreatMissingData"].as_str().unwrap() {
                    "breaching" => true,
                    "notBreaching" => false,
                    other => panic!("{}: TreatMissingData {other} is not evaluated here", alarm.id),
                };
            }
            let statistic = match properties["Statistic"].as_str().unwrap() {
                "Sum" => values.iter().sum::<f64>(),
                "Maximum" => values.iter().copied().fold(f64::MIN, f64::max),
                other => panic!("{}: the statistic {other} is not evaluated here", alarm.id),
            };
            let threshold = f64::from(integer(&properties["Threshold"]));
            match properties["ComparisonOperator"].as_str().unwrap() {
                "GreaterThanOrEqualToThreshold" => statistic >= threshold,
                "GreaterThanThreshold" => statistic > threshold,
                other => panic!("{}: {other} is not evaluated here", alarm.id),
            }
        })
    }
}

/// Whether an alarm's metric follows from the functions' logs: the stack's own metrics, and the
/// errors of one function.
fn is_from_log(alarm: &Resource) -> bool {
    let (namespace, name, dimensions) = metric_of(&alarm.properties);
    namespace.starts_with("ChatChat/")
        || namespace == "AWS/Lambda" && name == "Errors" && dimensions.contains_key("FunctionName")
}

fn metric_of(properties: &Value) -> Metric {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dimensions = properties["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect();
    (text(&properties["Namespace"]), text(&properties["MetricName"]), dimensions)
}

/// CloudFormation accepts numbers as texts.
fn integer(value: &Value) -> i32 {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

fn lines(deployment: &Deployment, logs: &BTreeMap<String, String>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (id, log) in logs {
        let function = deployment.get("template.yaml", id);
        let group = function.properties["LoggingConfig"]["LogGroup"].as_str().unwrap();
        for text in log.lines() {
            let json: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let time = json["timestamp"].as_str().or(json["time"].as_str()).unwrap();
            let time = OffsetDateTime::parse(time, &Rfc3339).unwrap();
            lines.push(Line { function: id.clone(), group: group.to_owned(), time, json });
        }
    }
    lines
}
