//! One log line for each request.

use std::{fmt, sync::Arc};

/// Receives a line without its line break.
pub type LogLines = Arc<dyn Fn(&str) + Send + Sync>;

/// The receiver of the lines, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Option<LogLines>);

impl Log {
    /// Logs a line. `line` is called only if there is a receiver.
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
