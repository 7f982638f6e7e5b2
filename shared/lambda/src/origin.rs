//! Which web pages may use what a browser does by itself: cookies and WebSocket handshakes.

use lambda_http::http::HeaderValue;

use crate::optional;

/// Whether an `Origin` is among `ALLOWED_ORIGINS`. Without one it is no page of a browser, and passes; one that is no text does not.
pub fn is_allowed(origin: Option<&HeaderValue>) -> bool {
    let listed = optional("ALLOWED_ORIGINS").unwrap_or_default();
    origin.is_none_or(|origin| is_listed(origin.to_str().unwrap_or_default(), &listed))
}

/// Whether a comma-separated list has the origin, to the letter.
fn is_listed(origin: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|allowed| !allowed.is_empty() && allowed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_to_the_letter() {
        let list = "https://chat.example.com, http://localhost:8080";
        assert!(is_listed("https://chat.example.com", list));
        assert!(is_listed("http://localhost:8080", list));
        for origin in [
            "",
            "null",
            "https://example.com",
            "https://chat.example.com.evil.com",
            "http://chat.example.com",
        ] {
            assert!(!is_listed(origin, list), "{origin:?}");
        }
        assert!(!is_listed("", ""));
    }
}
