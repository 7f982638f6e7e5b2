//! The HTTP API's `$default` route: what matches no other route, or a known path with another method.

use chatchat_domain::ErrorCode;
use chatchat_lambda::{Answer, Error, Request};

/// Path templates of the API with their methods, made from the template at build time.
const PATHS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/paths.rs"));

/// Answers 405 `method_not_allowed` for a path that other methods have, else 404 `route_not_found`.
///
/// To a preflight, 204: API Gateway answers those itself, but its documentation of `$default` says that this route has them too. The headers that tell a
/// browser what it may do are API Gateway's in any case.
pub fn unrouted(request: &Request) -> Result<Answer, Error> {
    let path = request.path_in_stage();
    let known = PATHS.iter().find(|(template, _)| matches(template, path));
    if known.is_some() && request.is_preflight() {
        return Ok(Answer::no_content());
    }
    Err(known.map_or(ErrorCode::RouteNotFound.into(), |(_, methods)| Error::MethodNotAllowed(methods)))
}

/// Whether a path fits a template such as `/companies/{id}`.
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
    fn a_path_fits_its_template_segment_by_segment() {
        assert!(matches("/companies/{id}", "/companies/7"));
        assert!(matches("/companies/me", "/companies/me"));
        for path in ["/companies", "/companies/", "/companies/7/x", "/customers/7", "/"] {
            assert!(!matches("/companies/{id}", path), "{path}");
        }
    }
}
