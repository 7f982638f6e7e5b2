//! Formats an error with its causes.

use std::error::Error;

/// Formats an error and its causes in one line, outermost first. A cause whose text is already part
/// of the line is left out.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failed(&'static str, #[source] Option<Box<Failed>>);

    #[test]
    fn causes_are_appended_without_repetition() {
        let refused = Failed("refused", None);
        let connect = Failed("cannot connect: refused", Some(Box::new(refused)));
        let start = Failed("cannot start", Some(Box::new(connect)));
        assert_eq!(causes(&start), "cannot start: cannot connect: refused");
    }
}
