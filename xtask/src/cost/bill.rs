//! The monthly bill, line by line, for each way to run ChatChat.

use chatchat_harness::Failure;

use super::{
    month::{FIRST_GB, Load, Month, database, stored_gb},
    prices::{
        ADDRESS_HOUR, ALARM_MONTH, CONNECTION_MINUTES_MILLION, CPU_CREDIT_HOUR, Class, DATABASE_GB_MONTH,
        DISTRIBUTION_OUT_GB, DISTRIBUTION_REQUESTS_MILLION, ENDPOINT_MONTH, FIREWALL_MONTH,
        FIREWALL_REQUESTS_MILLION, FRAMES_MILLION, FREE_ALARMS, FREE_DISTRIBUTION_OUT_GB,
        FREE_DISTRIBUTION_REQUESTS, FREE_LAMBDA_GB_SECONDS, FREE_LAMBDA_REQUESTS, FREE_LOGS_GB, FREE_METRICS,
        FREE_OUT_GB, HOURS, HTTP_REQUESTS_MILLION, LAMBDA_GB_SECOND, LAMBDA_REQUESTS_MILLION, LOGS_GB,
        METRIC_MONTH, OUT_GB, PROXY_PROCESSOR_MONTH, SECRET_CALLS_10_000, SECRET_MONTH, SERVER_DISK_GB_MONTH,
        SERVER_HOUR,
    },
};

/// The number of secrets: the passwords of the database's two roles, the signing key of access
/// tokens, and the key of pseudonyms.
const SECRETS: f64 = 4.0;
/// The number of custom metrics of a stage, which a test in `tests/deployment` checks.
const METRICS: f64 = 10.0;
/// The number of VPC endpoints: Secrets Manager, in two availability zones.
const ENDPOINTS: f64 = 2.0;

/// The ways to run ChatChat, in the order of the table's columns.
pub const WAYS: [&str; 4] = ["default", "with proxy", "with endpoints", "t3.small + RDS"];

/// A line of the bill: a description, and dollars for each of [`WAYS`].
pub struct Line {
    pub what: String,
    pub dollars: [f64; 4],
}

impl Line {
    /// A cost that is the same for every way.
    fn all(what: String, dollars: f64) -> Self {
        Self { what, dollars: [dollars; 4] }
    }

    /// A cost of every way except the server.
    fn functions(what: String, dollars: f64) -> Self {
        Self { what, dollars: [dollars, dollars, dollars, 0.0] }
    }

    fn only(way: usize, what: &str, dollars: f64) -> Self {
        let mut line = Self { what: what.to_owned(), dollars: [0.0; 4] };
        line.dollars[way] = dollars;
        line
    }
}

/// Returns all lines of the monthly bill. `alarms` is the number of alarms of a stage without and
/// with a proxy. All stages but one are idle. Each stage has a free tier of calls in the estimate,
/// although an account has only one; free alarms and metrics are counted once.
pub fn lines(load: Load, alarms: [f64; 2], stages: f64) -> Result<Vec<Line>, Failure> {
    let mut lines = of_a_stage(load)?;
    if stages > 1.0 {
        let idle = of_a_stage(Load { messages_per_day: 0.0, connections: 0.0, ..load })?;
        let dollars = totals(&idle).map(|one| one * (stages - 1.0));
        lines.push(Line { what: format!("{} more stages, idle", stages - 1.0), dollars });
    }
    let [without, with] = alarms.map(|alarms| billable(alarms * stages, FREE_ALARMS) * ALARM_MONTH);
    lines.push(Line {
        what: format!("{} alarms, {} with proxy", alarms[0] * stages, alarms[1] * stages),
        dollars: [without, with, without, 0.0],
    });
    let metrics = METRICS * stages;
    lines.push(Line::functions(
        format!("{metrics} custom metrics"),
        billable(metrics, FREE_METRICS) * METRIC_MONTH,
    ));
    Ok(lines)
}

/// The lines of a stage, without its alarms and metrics.
fn of_a_stage(load: Load) -> Result<Vec<Line>, Failure> {
    let month = Month::new(load);
    let class = database(load)?;
    let mut lines = fixed(load, class);
    lines.extend(usage(&month));
    lines.extend([
        Line::only(1, "RDS Proxy", class.processors * PROXY_PROCESSOR_MONTH),
        Line::only(2, "Secrets Manager's endpoint, in 2 zones", ENDPOINTS * ENDPOINT_MONTH),
        Line::only(3, "t3.small", HOURS * SERVER_HOUR),
        Line::only(
            3,
            "disk (20 GB) and address of t3.small",
            20.0 * SERVER_DISK_GB_MONTH + HOURS * ADDRESS_HOUR,
        ),
    ]);
    Ok(lines)
}

/// The costs that do not depend on use.
fn fixed(load: Load, class: Class) -> Vec<Line> {
    let gb = stored_gb(load.messages_per_day * 365.0).max(FIRST_GB).ceil();
    vec![
        Line::all(class.name.to_owned(), HOURS * class.hour),
        Line::all(format!("database storage, {gb:.0} GB after a year"), gb * DATABASE_GB_MONTH),
        Line::functions(format!("{SECRETS} secrets"), SECRETS * SECRET_MONTH),
        Line::functions(format!("{CONVERSATIONS:.0} conversations of the canary"), of_the_canary()),
    ]
}

/// The conversations of the canary in a month, one every 15 minutes.
const CONVERSATIONS: f64 = HOURS * 4.0;

/// Returns the monthly cost of the canary when the free tier is used up: for each conversation, two
/// connections for less than a minute, a frame that is pushed to both, 9 HTTP requests, and the calls
/// of their functions and of the canary itself, which takes at most two seconds.
fn of_the_canary() -> f64 {
    let (connections, http, frames) = (2.0, 9.0, 3.0);
    let calls = connections * 2.0 + http + 1.0 + 1.0;
    let millions = CONVERSATIONS / 1e6;
    millions
        * (connections * CONNECTION_MINUTES_MILLION
            + frames * FRAMES_MILLION
            + http * HTTP_REQUESTS_MILLION
            + calls * LAMBDA_REQUESTS_MILLION)
        + CONVERSATIONS * 2.0 * 0.25 * LAMBDA_GB_SECOND
}

/// The costs that depend on use, after the monthly free tier.
fn usage(month: &Month) -> Vec<Line> {
    let millions = |count: f64| count / 1e6;
    let distributed = billable(month.out_gb, FREE_DISTRIBUTION_OUT_GB) * DISTRIBUTION_OUT_GB;
    let served = billable(month.out_gb, FREE_OUT_GB) * OUT_GB;
    vec![
        Line::functions(
            format!("{:.2} million WebSocket frames", millions(month.frames)),
            millions(month.frames) * FRAMES_MILLION,
        ),
        Line::functions(
            format!("{:.2} million connection-minutes", millions(month.connection_minutes)),
            millions(month.connection_minutes) * CONNECTION_MINUTES_MILLION,
        ),
        Line::functions(
            format!("{:.2} million HTTP requests", millions(month.http_requests)),
            millions(month.http_requests) * HTTP_REQUESTS_MILLION,
        ),
        Line::functions(
            format!("{:.2} million calls of functions", millions(month.calls)),
            millions(billable(month.calls, FREE_LAMBDA_REQUESTS)) * LAMBDA_REQUESTS_MILLION,
        ),
        Line::functions(
            format!("{:.0} GB-seconds of functions", month.gb_seconds),
            billable(month.gb_seconds, FREE_LAMBDA_GB_SECONDS) * LAMBDA_GB_SECOND,
        ),
        Line::functions(
            format!("{:.0} reads of secrets", month.secret_calls),
            month.secret_calls / 1e4 * SECRET_CALLS_10_000,
        ),
        Line::functions(
            format!("{:.1} GB of logs", month.logged_gb),
            billable(month.logged_gb, FREE_LOGS_GB) * LOGS_GB,
        ),
        Line::functions(
            format!("{:.2} million requests to the distribution", millions(month.distribution_requests)),
            millions(billable(month.distribution_requests, FREE_DISTRIBUTION_REQUESTS))
                * DISTRIBUTION_REQUESTS_MILLION,
        ),
        Line {
            what: format!("{:.1} GB to browsers", month.out_gb),
            dollars: [distributed, distributed, distributed, served],
        },
    ]
}

fn billable(used: f64, free: f64) -> f64 {
    (used - free).max(0.0)
}

/// Returns the total for each way.
pub fn totals(lines: &[Line]) -> [f64; 4] {
    let mut totals = [0.0; 4];
    for line in lines {
        for (total, dollars) in totals.iter_mut().zip(line.dollars) {
            *total += dollars;
        }
    }
    totals
}

/// Returns what a month costs at most if the database's processors are always busy.
pub fn of_credits(load: Load) -> Result<f64, Failure> {
    let class = database(load)?;
    Ok((class.processors - class.baseline) * HOURS * CPU_CREDIT_HOUR)
}

/// Returns the monthly cost of the web ACL in `infra/firewall.yaml`, which every way with a
/// distribution can have. Requests for pages and pictures are not counted, as in the bill.
pub fn of_the_firewall(load: Load) -> f64 {
    FIREWALL_MONTH + Month::new(load).distribution_requests / 1e6 * FIREWALL_REQUESTS_MILLION
}

/// Returns the monthly cost of the calls that keep functions warm, when the free tier is used up.
pub fn of_warm_calls(load: Load) -> f64 {
    let idle = |warm_functions| Month::new(Load { messages_per_day: 0.0, connections: 0.0, warm_functions });
    let (with, without) = (idle(load.warm_functions), idle(0.0));
    (with.calls - without.calls) / 1e6 * LAMBDA_REQUESTS_MILLION
        + (with.gb_seconds - without.gb_seconds) * LAMBDA_GB_SECOND
        + (with.secret_calls - without.secret_calls) / 1e4 * SECRET_CALLS_10_000
}

/// Returns the cost of one million messages when the free tier is used up.
pub fn of_a_million_messages() -> f64 {
    let month = Month::of_messages(1e6);
    month.frames / 1e6 * FRAMES_MILLION
        + month.calls / 1e6 * LAMBDA_REQUESTS_MILLION
        + month.gb_seconds * LAMBDA_GB_SECOND
        + month.logged_gb * LOGS_GB
        + month.out_gb * DISTRIBUTION_OUT_GB
        + stored_gb(1e6) * DATABASE_GB_MONTH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(messages_per_day: f64, connections: f64) -> Vec<Line> {
        lines(Load { messages_per_day, connections, warm_functions: 0.0 }, [10.0, 11.0], 1.0).unwrap()
    }

    fn dollars(lines: &[Line], what: &str) -> f64 {
        lines.iter().find(|line| line.what.contains(what)).unwrap().dollars[0]
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 0.005, "{actual} is not {expected}");
    }

    #[test]
    fn idle_month_costs_about_22_dollars() {
        let [default, proxy, endpoints, server] = totals(&bill(0.0, 0.0));
        assert_close(default, 730.0 * 0.025 + 20.0 * 0.131 + 4.0 * 0.40 + 0.072);
        assert!(default <= 22.60, "{default}");
        assert_close(proxy - default, 26.0 + 0.10);
        assert_close(endpoints - default, 18.98);
        assert_close(server, 18.25 + 2.62 + 18.98 + 1.824 + 3.65);
    }

    #[test]
    fn million_messages_cost_at_most_4_dollars_50() {
        let dollars = of_a_million_messages();
        assert_close(dollars, 3.0 * 1.14 + 0.20 + 0.0667 + 0.8 * 0.76 + 0.7 * 0.120 + 0.35 * 0.131);
        assert!(dollars <= 4.50, "{dollars}");
    }

    #[test]
    fn use_beyond_the_free_tier_is_charged() {
        // 30.4 days of 100,000 messages, each with 3 frames and 2 more for markers and `typing`; no
        // connections.
        let lines = bill(100_000.0, 0.0);
        assert_close(dollars(&lines, "WebSocket frames"), 100_000.0 * 730.0 / 24.0 * 5.0 / 1e6 * 1.14);
        let calls = 100_000.0 * 730.0 / 24.0 * 2.25 + 730.0 * 12.0;
        assert_close(dollars(&lines, "calls of functions"), (calls - 1e6) / 1e6 * 0.20);
        assert_close(dollars(&lines, "GB-seconds"), 0.0);
    }

    #[test]
    fn warm_calls_are_within_the_free_tier_at_first_and_charged_beyond_it() {
        let bill = |messages_per_day| {
            let load = Load { messages_per_day, connections: 0.0, warm_functions: 20.0 };
            lines(load, [10.0, 11.0], 1.0).unwrap()
        };
        assert_close(totals(&bill(1000.0))[0], totals(&self::bill(1000.0, 0.0))[0]);
        let more = dollars(&bill(100_000.0), "calls of functions")
            - dollars(&self::bill(100_000.0, 0.0), "calls of functions");
        assert_close(more, 20.0 * 730.0 * 12.0 / 1e6 * 0.20);
    }

    #[test]
    fn second_stage_costs_the_same_and_has_no_free_alarms_and_metrics() {
        let of = |stages| {
            let load = Load { messages_per_day: 0.0, connections: 0.0, warm_functions: 0.0 };
            totals(&lines(load, [12.0, 13.0], stages).unwrap())
        };
        let ([one, ..], [two, with_proxy, ..]) = (of(1.0), of(2.0));
        assert_close(two, 2.0 * (one - 0.20) + 1.40 + 3.00);
        assert_close(with_proxy - two, 2.0 * 26.0 + 0.20);
    }

    #[test]
    fn new_environments_are_charged_for_reading_secrets() {
        assert_close(dollars(&bill(0.0, 0.0), "reads of secrets"), 0.0);
        let reads = 55.0 * 730.0 / 2.0 * 2.0;
        assert_close(dollars(&bill(1000.0, 20.0), "reads of secrets"), reads / 1e4 * 0.05);
        let warm = Load { messages_per_day: 0.0, connections: 0.0, warm_functions: 20.0 };
        let warm = lines(warm, [10.0, 11.0], 1.0).unwrap();
        assert_close(dollars(&warm, "reads of secrets"), 20.0 * 730.0 / 1e4 * 0.05);
    }

    #[test]
    fn busy_database_is_charged_for_credits() {
        let load = Load { messages_per_day: 1000.0, connections: 20.0, warm_functions: 0.0 };
        assert_close(of_credits(load).unwrap(), 1.8 * 730.0 * 0.075);
    }

    #[test]
    fn distribution_is_free_up_to_ten_million_requests_and_a_terabyte() {
        assert_close(dollars(&bill(1000.0, 20.0), "to the distribution"), 0.0);
        assert_close(dollars(&bill(1000.0, 20.0), "GB to browsers"), 0.0);
        // 30.4 days of 2 million messages, each with a quarter of a request.
        let requests = 2e6 * 730.0 / 24.0 * 0.25;
        assert_close(dollars(&bill(2e6, 0.0), "to the distribution"), (requests - 10e6) / 1e6 * 1.20);
    }

    #[test]
    fn firewall_is_charged_for_its_rules_and_each_request() {
        assert_close(
            of_the_firewall(Load { messages_per_day: 0.0, connections: 0.0, warm_functions: 0.0 }),
            7.0,
        );
        let requests = 2e6 * 730.0 / 24.0 * 0.25;
        let load = Load { messages_per_day: 2e6, connections: 0.0, warm_functions: 0.0 };
        assert_close(of_the_firewall(load), 7.0 + requests / 1e6 * 0.60);
    }

    #[test]
    fn connection_is_charged_for_its_minutes_and_heartbeats() {
        let lines = bill(0.0, 1000.0);
        assert_close(dollars(&lines, "connection-minutes"), 1000.0 * 43_800.0 / 1e6 * 0.285);
        assert_close(dollars(&lines, "WebSocket frames"), 1000.0 * 10_950.0 * 2.0 / 1e6 * 1.14);
    }

    #[test]
    fn alarms_after_the_tenth_and_gigabytes_after_the_twentieth_are_charged() {
        let lines =
            lines(Load { messages_per_day: 1e6, connections: 0.0, warm_functions: 0.0 }, [12.0, 13.0], 1.0)
                .unwrap();
        assert_close(dollars(&lines, "12 alarms"), 0.20);
        assert_close(dollars(&lines, "128 GB after a year"), 128.0 * 0.131);
    }

    #[test]
    fn database_grows_with_the_load_until_no_class_is_sufficient() {
        for (messages, class) in [(1000.0, "micro"), (2e6, "small"), (1e7, "xlarge")] {
            assert!(bill(messages, 0.0)[0].what.ends_with(class), "{messages}");
        }
        assert!(
            lines(Load { messages_per_day: 1e8, connections: 0.0, warm_functions: 0.0 }, [10.0, 11.0], 1.0)
                .is_err()
        );
    }
}
