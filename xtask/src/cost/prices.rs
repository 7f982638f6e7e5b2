//! AWS prices in Seoul, in US dollars before tax, and the monthly free tier that does not expire.

/// The date of these prices.
pub const DATE: &str = "October 2026";

pub const HOURS: f64 = 730.0;
pub const DAYS: f64 = HOURS / 24.0;

// The prices that the design is based on.
pub const FRAMES_MILLION: f64 = 1.14;
pub const CONNECTION_MINUTES_MILLION: f64 = 0.285;
pub const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
pub const LAMBDA_REQUESTS_MILLION: f64 = 0.20;
pub const DATABASE_GB_MONTH: f64 = 0.131;
pub const SECRET_MONTH: f64 = 0.40;
pub const SECRET_CALLS_10_000: f64 = 0.05;
/// For each hour in which a processor of the database is busy beyond the class's baseline.
pub const CPU_CREDIT_HOUR: f64 = 0.075;
pub const HOSTED_ZONE_MONTH: f64 = 0.50;
/// Per processor of the database; the minimum is two processors.
pub const PROXY_PROCESSOR_MONTH: f64 = 13.0;
/// Per availability zone.
pub const ENDPOINT_MONTH: f64 = 9.49;

// These prices have little influence and were checked less carefully; verify them before relying on
// them.
pub const HTTP_REQUESTS_MILLION: f64 = 1.23;
pub const LOGS_GB: f64 = 0.76;
/// From the distribution to browsers. Transfer from AWS to the distribution is free.
pub const DISTRIBUTION_OUT_GB: f64 = 0.120;
pub const DISTRIBUTION_REQUESTS_MILLION: f64 = 1.20;
/// From a server to browsers.
pub const OUT_GB: f64 = 0.126;
pub const ALARM_MONTH: f64 = 0.10;
pub const METRIC_MONTH: f64 = 0.30;
/// The web ACL with its two rules.
pub const FIREWALL_MONTH: f64 = 5.0 + 2.0 * 1.0;
pub const FIREWALL_REQUESTS_MILLION: f64 = 0.60;
pub const SERVER_HOUR: f64 = 0.026;
pub const SERVER_DISK_GB_MONTH: f64 = 0.0912;
pub const ADDRESS_HOUR: f64 = 0.005;

/// The monthly free tier that does not end after an account's first year.
pub const FREE_LAMBDA_REQUESTS: f64 = 1e6;
pub const FREE_LAMBDA_GB_SECONDS: f64 = 400_000.0;
pub const FREE_LOGS_GB: f64 = 5.0;
pub const FREE_DISTRIBUTION_OUT_GB: f64 = 1000.0;
pub const FREE_DISTRIBUTION_REQUESTS: f64 = 10e6;
pub const FREE_OUT_GB: f64 = 100.0;
pub const FREE_ALARMS: f64 = 10.0;
pub const FREE_METRICS: f64 = 10.0;

/// A class (size) of the database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    pub name: &'static str,
    pub hour: f64,
    pub processors: f64,
    /// The CPU baseline: how many processors it can use permanently without extra charges.
    pub baseline: f64,
}

/// The burstable classes, smallest first. `medium` is left out: it has more memory than `small` but
/// the same baseline.
pub const CLASSES: [Class; 5] = [
    Class { name: "db.t4g.micro", hour: 0.025, processors: 2.0, baseline: 0.2 },
    Class { name: "db.t4g.small", hour: 0.051, processors: 2.0, baseline: 0.4 },
    Class { name: "db.t4g.large", hour: 0.203, processors: 2.0, baseline: 0.6 },
    Class { name: "db.t4g.xlarge", hour: 0.406, processors: 4.0, baseline: 1.6 },
    Class { name: "db.t4g.2xlarge", hour: 0.812, processors: 8.0, baseline: 3.2 },
];
