//! JSON logs on standard output, which Lambda keeps in CloudWatch.
//!
//! CloudWatch reads metrics from lines with the member `_aws` (its "embedded metric format"), so a
//! metric needs no call and no additional line.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, JsonFields, Writer},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The default filter.
const DEFAULT_FILTER: &str = "info,aws_config=warn,hyper=warn";

/// The routes that send a message, over HTTP and as a frame.
const SENDING_ROUTES: [&str; 3] = ["send_message_as_customer", "send_message_as_company", "sendMessage"];

/// The fields of a line that are metrics, all in milliseconds. A metric has no dimensions, because
/// each combination of their values is a metric with its own price.
const METRICS: [&str; 4] = ["init_ms", "send_ms", "database_ms", "push_ms"];

/// The start of this process.
static START: Start = Start(Mutex::new(Phase::Warm));

/// Starts logging. `LOG_LEVEL` is a filter such as `info,hyper=warn`; if it cannot be parsed, the
/// default applies. `METRICS_NAMESPACE` is the namespace of the metrics; without it, there are none.
pub(crate) fn begin() {
    START.set(Phase::Init(Instant::now()));
    let filter = crate::optional("LOG_LEVEL").and_then(|levels| levels.parse::<Targets>().ok());
    let lines = Lines::new(crate::optional("METRICS_NAMESPACE"), &START);
    let lines = tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(lines);
    tracing_subscriber::registry().with(filter.unwrap_or_else(default_filter)).with(lines).init();
}

/// Notes that everything is loaded, and the process asks for its first event.
pub(crate) fn ready() {
    START.ready();
}

/// Notes that an event has arrived. The first line of the first event has `cold` and `init_ms`.
pub(crate) fn begin_event() {
    START.begin_event();
}

fn default_filter() -> Targets {
    DEFAULT_FILTER.parse().unwrap_or_default()
}

/// What the next line says about the start of the process.
#[derive(Clone, Copy)]
enum Phase {
    /// The process loads what its handler needs, since this time.
    Init(Instant),
    /// The init phase took these milliseconds, and no event has arrived.
    Ready(f64),
    /// The first event has arrived, and has no line yet.
    Cold(f64),
    /// There is nothing to say.
    Warm,
}

struct Start(Mutex<Phase>);

impl Start {
    fn change<T>(&self, change: impl FnOnce(&mut Phase) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, phase: Phase) {
        self.change(|current| *current = phase);
    }

    fn ready(&self) {
        self.change(|phase| {
            if let Phase::Init(started) = *phase {
                *phase = Phase::Ready(started.elapsed().as_secs_f64() * 1000.0);
            }
        });
    }

    fn begin_event(&self) {
        self.change(|phase| {
            *phase = if let Phase::Ready(ms) = *phase { Phase::Cold(ms) } else { Phase::Warm }
        });
    }

    /// Returns the milliseconds of the init phase for the first line of the first event.
    fn take(&self) -> Option<f64> {
        self.change(|phase| {
            let Phase::Cold(ms) = *phase else { return None };
            *phase = Phase::Warm;
            Some(ms)
        })
    }
}

/// Writes an event as one line of JSON.
struct Lines {
    json: Format<Json>,
    namespace: Option<String>,
    start: &'static Start,
}

impl Lines {
    fn new(namespace: Option<String>, start: &'static Start) -> Self {
        let json = tracing_subscriber::fmt::format().json();
        let json = json.flatten_event(true).with_current_span(false).with_span_list(false);
        Self { json, namespace, start }
    }

    /// Returns the members that a line has beside the fields of its event.
    fn added(&self, event: &Event<'_>) -> Map<String, Value> {
        let mut measured = Measured::default();
        event.record(&mut measured);
        let mut added = Map::new();
        if let Some(ms) = self.start.take() {
            added.insert("cold".to_owned(), true.into());
            added.insert("init_ms".to_owned(), ms.into());
        }
        if let (Some(ms), true, false) = (measured.ms, measured.is_sending, measured.is_refused) {
            added.insert("send_ms".to_owned(), ms.into());
        }
        let is_measured = |name: &&str| added.contains_key(*name) || measured.metrics.contains(name);
        let metrics: Vec<_> = METRICS.iter().copied().filter(is_measured).collect();
        if let (Some(namespace), false) = (&self.namespace, metrics.is_empty()) {
            let metrics: Vec<_> =
                metrics.iter().map(|name| json!({ "Name": name, "Unit": "Milliseconds" })).collect();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let directive = json!({ "Namespace": namespace, "Dimensions": [[]], "Metrics": metrics });
            let metadata = json!({
                "Timestamp": u64::try_from(now.as_millis()).unwrap_or_default(),
                "CloudWatchMetrics": [directive],
            });
            added.insert("_aws".to_owned(), metadata);
        }
        added
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        if let Some(open) = line.trim_end().strip_suffix('}') {
            writer.write_str(open)?;
            for (name, value) in self.added(event) {
                write!(writer, ",{}:{value}", Value::from(name))?;
            }
            return writer.write_str("}\n");
        }
        writer.write_str(&line)
    }
}

/// The measured times of a call, from the fields of its line.
#[derive(Default)]
struct Measured {
    ms: Option<f64>,
    is_sending: bool,
    is_refused: bool,
    /// The metrics among the fields. A time of zero was not measured: nothing was pushed, for
    /// instance.
    metrics: Vec<&'static str>,
}

impl Visit for Measured {
    fn record_f64(&mut self, field: &Field, value: f64) {
        match field.name() {
            "ms" => self.ms = Some(value),
            name if value > 0.0 && METRICS.contains(&name) => self.metrics.push(name),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "route" => self.is_sending = SENDING_ROUTES.contains(&value),
            "code" => self.is_refused = true,
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

    use super::*;

    #[test]
    fn default_filter_and_the_filter_in_the_template_can_be_parsed() {
        assert_eq!(default_filter().default_level(), Some(LevelFilter::INFO));
        let debug: Targets = "DEBUG,aws_config=warn,hyper=warn".parse().unwrap();
        assert_eq!(debug.default_level(), Some(LevelFilter::DEBUG));
        assert!(!debug.would_enable("hyper::client", &tracing::Level::INFO));
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Written {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// Returns the lines that `log` writes.
    fn lines(namespace: Option<&str>, start: &'static Start, log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let lines = Lines::new(namespace.map(str::to_owned), start);
        let layer = tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(lines);
        let registry = tracing_subscriber::registry().with(layer.with_writer(written.clone()));
        tracing::subscriber::with_default(registry, log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn metrics(line: &Value) -> Vec<&str> {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert!(directive.is_null() || directive["Dimensions"] == json!([[]]), "{line}");
        let metrics = directive["Metrics"].as_array().into_iter().flatten();
        metrics.map(|metric| metric["Name"].as_str().unwrap()).collect()
    }

    #[test]
    fn only_the_first_line_of_the_first_event_is_cold() {
        static START: Start = Start(Mutex::new(Phase::Warm));
        START.set(Phase::Init(Instant::now()));
        let lines = lines(Some("N"), &START, || {
            tracing::info!("during init");
            START.ready();
            START.begin_event();
            tracing::info!("first");
            tracing::info!("second");
            START.begin_event();
            tracing::info!("third");
        });
        assert_eq!([&lines[0]["cold"], &lines[1]["cold"]], [&Value::Null, &json!(true)]);
        assert!(lines[1]["init_ms"].is_f64() && lines[2]["cold"].is_null() && lines[3]["cold"].is_null());
        assert_eq!([metrics(&lines[1]), metrics(&lines[2])], [vec!["init_ms"], vec![]]);
    }

    #[test]
    fn event_without_a_line_leaves_the_next_one_warm() {
        static START: Start = Start(Mutex::new(Phase::Warm));
        START.set(Phase::Init(Instant::now()));
        START.ready();
        START.begin_event();
        START.begin_event();
        assert!(lines(None, &START, || tracing::info!("second"))[0]["cold"].is_null());
    }

    #[test]
    fn measured_times_are_metrics() {
        static START: Start = Start(Mutex::new(Phase::Warm));
        let log = || {
            tracing::info!(route = "sendMessage", ms = 9.0, database_ms = 3.0, push_ms = 2.0, "answered");
            tracing::info!(route = "sendMessage", code = "blocked", ms = 9.0, push_ms = 0.0, "answered");
            tracing::info!(route = "heartbeat", ms = 9.0, database_ms = 1.0, "answered");
        };
        let all = lines(Some("ChatChat/dev"), &START, log);
        assert_eq!(metrics(&all[0]), ["send_ms", "database_ms", "push_ms"]);
        assert_eq!((&all[0]["send_ms"], &all[0]["push_ms"]), (&json!(9.0), &json!(2.0)));
        assert_eq!(all[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"], "ChatChat/dev");
        assert!(all[0]["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
        assert_eq!((metrics(&all[1]), metrics(&all[2])), (vec![], vec!["database_ms"]));
        assert!(lines(None, &START, log).iter().all(|line| line["_aws"].is_null()));
    }
}
