//! Reading the refresh tokens of a request's cookies.

use std::collections::BTreeSet;

use auth::cookie::presented;
use chatchat_domain::{Company, Customer, Role};
use chatchat_function::Request;
use chatchat_tokens::Secret;
use serde_json::json;

/// The maximum number of tokens of a request.
const MAX_TOKENS: usize = 200;

/// Reads the tokens of both roles from cookies. Each line of the input is a `Cookie` header.
///
/// The tokens are exactly the values of cookies with the name of the role that have the form of a
/// token, without repeats, and at most 200.
pub fn cookie(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let headers: Vec<&str> = text.split('\n').collect();
    let event = json!({
        "cookies": headers,
        "requestContext": {
            "http": { "method": "POST", "sourceIp": "192.0.2.1" }, "requestId": "1", "stage": "$default",
        },
    });
    let request = Request::from_event(event).unwrap();
    check::<Customer>(&request, &headers, "__Host-customer=");
    check::<Company>(&request, &headers, "__Host-company=");
}

fn check<R: Role>(request: &Request, headers: &[&str], start: &str) {
    let found = presented::<R>(request);
    assert!(found.len() <= MAX_TOKENS, "{} tokens", found.len());
    let texts: BTreeSet<&str> = found.iter().map(Secret::reveal).collect();
    assert_eq!(texts.len(), found.len(), "a token is repeated");
    let expected: BTreeSet<&str> = headers.iter().flat_map(|header| tokens(header, start)).collect();
    assert!(texts.is_subset(&expected), "{texts:?} instead of {expected:?}");
    assert!(texts.len() == expected.len().min(MAX_TOKENS), "{texts:?} instead of {expected:?}");
}

/// Finds the tokens in a header: looks for each occurrence of the name, and then at what is before
/// and after it.
fn tokens<'a>(header: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let is_space = |c: char| c == ' ' || c == '\t';
    header.match_indices(start).filter_map(move |(at, _)| {
        let before = header[..at].trim_end_matches(is_space);
        let after = &header[at + start.len()..];
        let (value, rest) = after.split_at_checked(43)?;
        let rest = rest.trim_start_matches(is_space);
        let begins = before.is_empty() || before.ends_with(';');
        let ends = rest.is_empty() || rest.starts_with(';');
        let has_form = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (begins && ends && has_form).then_some(value)
    })
}
