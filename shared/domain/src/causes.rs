//! What went wrong, and why.

use std::error::Error;

/// An error and its causes, outermost first, in one line for a person or a log; what an error has already said of its cause is not said again.
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
    fn causes_follow_what_they_caused_and_nothing_is_said_twice() {
        let refused = Failed("refused", None);
        let connect = Failed("cannot connect: refused", Some(Box::new(refused)));
        let start = Failed("cannot start", Some(Box::new(connect)));
        assert_eq!(causes(&start), "cannot start: cannot connect: refused");
    }
}
