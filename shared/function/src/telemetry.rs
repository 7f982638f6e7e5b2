//! JSON logs on standard output, which Lambda keeps in CloudWatch.

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The default filter.
const DEFAULT_FILTER: &str = "info,aws_config=warn,hyper=warn";

/// Starts logging. `LOG_LEVEL` is a filter such as `info,hyper=warn`; if it cannot be parsed, the
/// default applies.
pub(crate) fn begin() {
    let filter = crate::optional("LOG_LEVEL").and_then(|levels| levels.parse::<Targets>().ok());
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(filter.unwrap_or_else(default_filter)).with(lines).init();
}

fn default_filter() -> Targets {
    DEFAULT_FILTER.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    #[test]
    fn default_filter_and_the_filter_in_the_template_can_be_parsed() {
        assert_eq!(default_filter().default_level(), Some(LevelFilter::INFO));
        let debug: Targets = "DEBUG,aws_config=warn,hyper=warn".parse().unwrap();
        assert_eq!(debug.default_level(), Some(LevelFilter::DEBUG));
        assert!(!debug.would_enable("hyper::client", &tracing::Level::INFO));
    }
}
