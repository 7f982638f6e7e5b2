//! JSON logs on standard output, which Lambda keeps in CloudWatch.

use tracing_subscriber::EnvFilter;

/// Begins logging; `LOG_LEVEL` takes tracing's filter syntax, `info` unless set.
pub(crate) fn begin() {
    let filter = crate::optional("LOG_LEVEL").unwrap_or_else(|| "info,aws_config=warn,hyper=warn".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(EnvFilter::new(filter))
        .init();
}
