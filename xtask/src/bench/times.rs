//! Statistics of measured times.

use std::time::Duration;

/// The given percentile: the smallest time that at least so many percent do not exceed; zero for an
/// empty slice.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let count = (times.len() * percent).div_ceil(100);
    times[..count].last().copied().unwrap_or_default()
}

/// The median. `times` must not be empty.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
