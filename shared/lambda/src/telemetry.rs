//! JSON logs on standard output, which Lambda keeps in CloudWatch.

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// What is logged unless `LOG_LEVEL` says otherwise.
const USUAL: &str = "info,aws_config=warn,hyper=warn";

/// Begins logging. `LOG_LEVEL` has a level and, after it, others for modules, separated by commas; one that cannot be read counts as none.
pub(crate) fn begin() {
    let asked = crate::optional("LOG_LEVEL").and_then(|levels| levels.parse::<Targets>().ok());
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(asked.unwrap_or_else(usual)).with(lines).init();
}

fn usual() -> Targets {
    USUAL.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    #[test]
    fn what_the_template_sets_and_what_is_usual_can_be_read() {
        assert_eq!(usual().default_level(), Some(LevelFilter::INFO));
        let debug: Targets = "DEBUG,aws_config=warn,hyper=warn".parse().unwrap();
        assert_eq!(debug.default_level(), Some(LevelFilter::DEBUG));
        assert!(!debug.would_enable("hyper::client", &tracing::Level::INFO));
    }
}
