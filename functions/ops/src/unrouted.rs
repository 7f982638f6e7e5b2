//! The HTTP API's `$default` route: requests that match no other route.

use chatchat_domain::ErrorCode;
use chatchat_function::{Answer, Error, Request};

/// The path templates of the API with their methods. `build.rs` reads them from the SAM template.
const PATHS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/paths.rs"));

/// Answers 405 `method_not_allowed` for a path that has other methods, and 404 `route_not_found`
/// for any other path.
///
/// Answers 204 to a preflight. API Gateway answers preflights, but its documentation says that
/// `$default` receives them too. API Gateway sets the CORS headers in both cases.
#[expect(clippy::unused_async, reason = "handlers are async")]
pub async fn unrouted((): &(), request: &Request) -> Result<Answer, Error> {
    let path = request.path_in_stage();
    let known = PATHS.iter().find(|(template, _)| matches(template, path));
    if known.is_some() && request.is_preflight() {
        return Ok(Answer::no_content());
    }
    Err(known.map_or(ErrorCode::RouteNotFound.into(), |(_, methods)| Error::MethodNotAllowed(methods)))
}

/// Returns whether a path matches a template such as `/companies/{id}`.
fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment => {}
            (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_matches_its_template_by_segment() {
        assert!(matches("/companies/{id}", "/companies/7"));
        assert!(matches("/companies/me", "/companies/me"));
        for path in ["/companies", "/companies/", "/companies/7/x", "/customers/7", "/"] {
            assert!(!matches("/companies/{id}", path), "{path}");
        }
    }
}
