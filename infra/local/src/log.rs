//! One line a request, for whoever runs the cloud.

use std::{fmt, sync::Arc};

/// Takes a line without its end.
pub type LogLines = Arc<dyn Fn(&str) + Send + Sync>;

/// Where the lines go, if anywhere.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Option<LogLines>);

impl Log {
    /// Writes a line; it is not even made when nobody reads it.
    pub(crate) fn line(&self, line: impl FnOnce() -> String) {
        if let Some(log) = &self.0 {
            log(&line());
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Log").field(&self.0.is_some()).finish()
    }
}
