//! Schedules: functions that are called at a rate, as by EventBridge and its Scheduler.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::body::Bytes;
use chatchat_template::ScheduleSource;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::{
    clock::{Clock, Turn},
    error::StartError,
    lambda::Lambda,
    log::Log,
    settings::Settings,
    stack::{ACCOUNT, Stack},
};

/// The minutes that Lambda waits before each retry of a failed asynchronous call.
const RETRY_MINUTES: [u32; 2] = [1, 2];

/// A function that is called at a rate.
#[derive(Debug)]
pub(crate) struct Schedule {
    function: String,
    rate: Duration,
    minute: Duration,
    source: ScheduleSource,
    /// The ARN of the rule or schedule.
    arn: String,
    region: String,
    /// The event, instead of the source's own one.
    input: Option<Bytes>,
}

impl Schedule {
    /// The enabled schedules of the template.
    pub(crate) fn declared(stack: &Stack, settings: &Settings) -> Result<Vec<Self>, StartError> {
        let declared = stack.template.schedules(stack)?.into_iter().filter(|schedule| schedule.enabled);
        declared.map(|schedule| Self::new(schedule, stack, settings)).collect()
    }

    fn new(
        schedule: chatchat_template::Schedule,
        stack: &Stack,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let place = format!("Resources.{}.Properties.Events.{}", schedule.function, schedule.event);
        let minutes = minutes(&schedule.expression).map_err(|problem| {
            StartError::Unusable(format!("{place}: {}: {problem}", schedule.expression))
        })?;
        if let Some(input) = &schedule.input {
            serde_json::from_str::<Value>(input)
                .map_err(|error| StartError::Unusable(format!("{place}: Input is not JSON: {error}")))?;
        }
        let id = format!("{}{}", schedule.function, schedule.event);
        let (service, name) = match schedule.source {
            ScheduleSource::Rule => {
                ("events", format!("rule/{}", schedule.name.unwrap_or(format!("local-{id}"))))
            }
            ScheduleSource::Scheduler => {
                ("scheduler", format!("schedule/default/{}", schedule.name.unwrap_or(id)))
            }
        };
        Ok(Self {
            function: schedule.function,
            rate: (settings.schedule_minute * minutes).max(Duration::from_millis(1)),
            minute: settings.schedule_minute,
            source: schedule.source,
            arn: format!("arn:aws:{service}:{}:{ACCOUNT}:{name}", stack.region),
            region: stack.region.clone(),
            input: schedule.input.map(Bytes::from),
        })
    }

    /// Calls the function at its rate, and for the first time one interval after this call. The
    /// future never ends.
    pub(crate) fn run(
        self,
        lambda: Arc<Lambda>,
        clock: Clock,
        log: Log,
    ) -> impl Future<Output = Infallible> + Send + use<> {
        let schedule = Arc::new(self);
        let mut time = clock.now() + schedule.rate;
        let mut next = clock.wait_until(time);
        async move {
            let mut calls = JoinSet::new();
            loop {
                let turn = next.await;
                time += schedule.rate;
                next = clock.wait_until(time);
                while calls.try_join_next().is_some() {}
                calls.spawn(Arc::clone(&schedule).call(
                    Arc::clone(&lambda),
                    clock.clone(),
                    turn,
                    log.clone(),
                ));
            }
        }
    }

    /// Makes one asynchronous call, and retries it if it fails.
    async fn call(self: Arc<Self>, lambda: Arc<Lambda>, clock: Clock, mut turn: Turn, log: Log) {
        let event = self.input.clone().unwrap_or_else(|| Bytes::from(self.event().to_string()));
        let mut waits = RETRY_MINUTES.into_iter();
        loop {
            let started = Instant::now();
            let failure = lambda.invoke(&self.function, event.clone()).await.err();
            let wait = failure.as_ref().and_then(|_| waits.next());
            log.line(|| {
                let outcome = match (&failure, wait) {
                    (None, _) => String::new(),
                    (Some(failure), Some(wait)) => format!(" {failure}; retry in {:?}", self.minute * wait),
                    (Some(failure), None) => format!(" {failure}; given up"),
                };
                let took = started.elapsed().as_secs_f64() * 1000.0;
                format!("schedule {} {took:.1} ms{outcome}", self.function)
            });
            let Some(wait) = wait else { return };
            let retry = clock.wait_until(clock.now() + self.minute * wait);
            drop(turn);
            turn = retry.await;
        }
    }

    fn event(&self) -> Value {
        let time = OffsetDateTime::now_utc()
            .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
            .unwrap_or_default();
        let (source, detail) = match self.source {
            ScheduleSource::Rule => ("aws.events", json!({})),
            ScheduleSource::Scheduler => ("aws.scheduler", json!("{}")),
        };
        json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": ACCOUNT,
            "time": time,
            "region": self.region,
            "resources": [self.arn],
            "detail": detail,
        })
    }
}

/// The minutes of a rate. As in `EventBridge`, the unit is singular for one and plural for more.
fn minutes(expression: &str) -> Result<u32, &'static str> {
    const RATE: &str =
        "rate(VALUE UNIT) is expected, such as rate(1 hour) or rate(2 hours), in minutes, hours or days";
    let inner = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner else {
        return Err("the local cloud supports rate(...) only, not cron(...) or at(...)");
    };
    let mut words = inner.split_ascii_whitespace();
    let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(RATE);
    };
    let value: u32 = value.parse().map_err(|_| RATE)?;
    let unit = match (value, unit) {
        (1, "minute") | (2.., "minutes") => 1,
        (1, "hour") | (2.., "hours") => 60,
        (1, "day") | (2.., "days") => 24 * 60,
        _ => return Err(RATE),
    };
    value.checked_mul(unit).ok_or(RATE)
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn rates_are_converted_to_minutes() {
        for (expression, expected) in [
            ("rate(1 minute)", 1),
            ("rate(5 minutes)", 5),
            ("rate(1 hour)", 60),
            ("rate(2 days)", 2 * 24 * 60),
        ] {
            assert_eq!(minutes(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn rates_that_eventbridge_rejects_are_rejected() {
        for expression in
            ["rate(1 minutes)", "rate(5 hour)", "rate(0 minutes)", "rate(-1 days)", "rate(5)", "rate(1 week)"]
        {
            assert!(minutes(expression).unwrap_err().contains("VALUE UNIT"), "{expression}");
        }
        assert!(minutes("rate(4294967295 days)").is_err());
    }
}
