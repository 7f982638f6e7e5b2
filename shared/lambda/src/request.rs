//! An HTTP request, as a handler sees it.

use std::{
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use chatchat_auth::Claims;
use chatchat_domain::{Caller, ErrorCode, Language, Problem, Role};
use chatchat_store::Who;
use lambda_http::{
    RequestExt,
    aws_lambda_events::apigw::ApiGatewayV2httpRequestContext,
    http::{
        Method,
        header::{
            ACCEPT_LANGUAGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName,
        },
    },
    request::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, FieldError, PageOrigin, Viewer, Viewers, fields, language};

/// The most bytes of a JSON body.
const MAX_BODY: usize = 64 * 1024;

/// What the `Authorization` header proved.
pub(crate) enum Authorization {
    /// There is none.
    Absent,
    /// It is there and proves nothing.
    Refused,
    /// An access token of ours; that its session lives is still to be checked.
    Verified(Claims),
}

/// An HTTP request. Its access token is verified before the handler sees it.
pub struct Request {
    inner: lambda_http::Request,
    pub(crate) authorization: Authorization,
    viewer: Viewer,
    /// Whether the handler asked who calls.
    asked: AtomicBool,
    pub(crate) language: Language,
    pub(crate) id: String,
}

impl Request {
    pub(crate) fn new(inner: lambda_http::Request) -> Self {
        let language = language::preferred(header(&inner, ACCEPT_LANGUAGE));
        let id = match inner.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        let id = id.unwrap_or_else(|| {
            inner.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
        });
        Self {
            inner,
            authorization: Authorization::Absent,
            viewer: Viewer::default(),
            asked: AtomicBool::new(false),
            language,
            id,
        }
    }

    /// Reads who the viewer is.
    pub(crate) fn identify_viewer(&mut self, viewers: &Viewers) {
        let source = match self.context() {
            Some(context) => context.http.source_ip.as_deref().unwrap_or_default(),
            None => "",
        };
        self.viewer = viewers.of(self.inner.headers(), source);
    }

    /// The caller, on a route for one role.
    pub fn caller<R: Role>(&self) -> Result<Caller<R>, Error> {
        let claims = self.claims()?;
        if claims.kind != R::KIND {
            return Err(ErrorCode::WrongRole.into());
        }
        Ok(Caller::new(claims.account, claims.session))
    }

    /// The caller, on a route for either role.
    pub fn either_caller(&self) -> Result<Who<'_>, Error> {
        Ok(Who::Session(self.claims()?.session))
    }

    /// The caller, on a route that needs none; a token that is not valid is refused all the same.
    pub fn optional_caller(&self) -> Result<Option<Who<'_>>, Error> {
        match self.authorization {
            Authorization::Absent => Ok(None),
            _ => self.either_caller().map(Some),
        }
    }

    /// The caller, if the handler asked for one and there is one.
    pub(crate) fn asked_caller(&self) -> Option<Who<'_>> {
        match self.authorization {
            Authorization::Verified(claims) if self.asked.load(Ordering::Relaxed) => {
                Some(Who::Session(claims.session))
            }
            _ => None,
        }
    }

    fn claims(&self) -> Result<Claims, Error> {
        self.asked.store(true, Ordering::Relaxed);
        match self.authorization {
            Authorization::Verified(claims) => Ok(claims),
            _ => Err(ErrorCode::Unauthenticated.into()),
        }
    }

    /// The JSON body; all wrong fields are told at once.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.json_and(|_| Vec::new())
    }

    /// The JSON body, with checks that see several fields; what they find is told with the rest.
    pub fn json_and<T: DeserializeOwned>(
        &self,
        checks: impl FnOnce(&Map<String, Value>) -> Vec<FieldError>,
    ) -> Result<T, Error> {
        if !is_json(self.content_type()) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes = self.bytes();
        if bytes.len() > MAX_BODY {
            return Err(ErrorCode::BodyTooLarge.into());
        }
        let body: Value = serde_json::from_slice(bytes).map_err(|_| ErrorCode::MalformedJson)?;
        let Some(object) = body.as_object() else {
            return Err(Error::Invalid(vec![FieldError::new("body", Problem::WrongType)]));
        };
        match (fields::read(object), checks(object)) {
            (Ok(value), found) if found.is_empty() => Ok(value),
            (Ok(_), found) => Err(Error::Invalid(found)),
            (Err(mut wrong), found) => {
                for more in found {
                    if !wrong.iter().any(|known| known.field == more.field) {
                        wrong.push(more);
                    }
                }
                Err(Error::Invalid(wrong))
            }
        }
    }

    /// The body as it came, for what is not JSON.
    pub fn bytes(&self) -> &[u8] {
        self.inner.body().as_ref()
    }

    /// The body's media type with its parameters, empty where the request names none.
    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE).unwrap_or_default()
    }

    /// A parameter of the path.
    pub fn path<T: FromStr<Err = Problem>>(&self, name: &str) -> Result<T, Error> {
        let parameters = self.inner.path_parameters_ref();
        let text = parameters.and_then(|parameters| parameters.first(name)).unwrap_or_default();
        text.parse().map_err(|problem| Error::Invalid(vec![FieldError::new(name, problem)]))
    }

    /// A parameter of the query as text, if it is there.
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.inner.query_string_parameters_ref()?.first(name)
    }

    /// A parameter of the query, if it is there.
    pub fn query<T: FromStr<Err = Problem>>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.query_text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|problem| Error::Invalid(vec![FieldError::new(name, problem)]))
    }

    /// The values of all cookies of that name, in the order in which the client sent them.
    pub fn cookies(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.inner.headers().get_all(COOKIE).into_iter();
        headers.flat_map(move |header| cookies(header.as_bytes(), name))
    }

    /// To find the request in the log.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The viewer's IP address; empty for an event that has none.
    pub fn viewer_address(&self) -> &str {
        &self.viewer.address
    }

    /// Fails with `origin_not_allowed` for a request that another site's page sent.
    pub fn check_origin(&self) -> Result<(), Error> {
        match self.viewer.origin {
            PageOrigin::Allowed => Ok(()),
            PageOrigin::Unknown | PageOrigin::Foreign => Err(ErrorCode::OriginNotAllowed.into()),
        }
    }

    /// Whether a browser asks what another site's page may send here (Fetch standard, CORS-preflight request).
    pub fn is_preflight(&self) -> bool {
        let headers = self.inner.headers();
        self.inner.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The path as it was sent, without the API's stage.
    pub fn path_in_stage(&self) -> &str {
        let path = self.inner.raw_http_path();
        let stage = self.context().and_then(|context| context.stage.as_deref()).unwrap_or_default();
        path.strip_prefix('/')
            .and_then(|path| path.strip_prefix(stage))
            .filter(|path| path.starts_with('/'))
            .unwrap_or(path)
    }

    fn context(&self) -> Option<&ApiGatewayV2httpRequestContext> {
        match self.inner.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        }
    }

    /// The token of an `Authorization: Bearer` header (RFC 6750): none without the header, an empty text for another scheme.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.inner.headers().get(AUTHORIZATION)?;
        let (scheme, token) =
            self.header(AUTHORIZATION).unwrap_or_default().split_once(' ').unwrap_or_default();
        Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        header(&self.inner, name)
    }
}

/// A header's text.
fn header(request: &lambda_http::Request, name: HeaderName) -> Option<&str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The values of the cookies of that name in a `Cookie` header (RFC 6265, section 5.4). The name must match exactly, and only spaces and
/// tabs around a cookie are removed: browsers enforce the rules of `__Host-` for exactly this name, but not for one with other white space
/// around it. Other cookies may have any content.
fn cookies<'a>(header: &'a [u8], name: &str) -> impl Iterator<Item = &'a str> {
    header.split(|byte| *byte == b';').filter_map(move |cookie| {
        let cookie = str::from_utf8(cookie).ok()?.trim_matches([' ', '\t']);
        cookie.strip_prefix(name)?.strip_prefix('=')
    })
}

/// Whether a content type is JSON: `application/json` or `application/…+json`, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A check for [`Request::json_and`]: the field `again` repeats the field `first`.
pub fn confirmed(object: &Map<String, Value>, first: &str, again: &str) -> Option<FieldError> {
    let (first, again_value) = (object.get(first), object.get(again));
    (again_value.is_some() && first != again_value).then(|| FieldError::new(again, Problem::Mismatch))
}

/// A check for [`Request::json_and`]: a password is not the username, without regard to case.
pub fn differs(object: &Map<String, Value>, password: &str, username: &str) -> Option<FieldError> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let same = !text(password).is_empty() && text(password).eq_ignore_ascii_case(text(username).trim());
    same.then(|| FieldError::new(password, Problem::SameAsUsername))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cookies_of_a_name_are_found_beside_any_others() {
        let values = |header: &[u8]| cookies(header, "__Host-a").map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(values(b"__Host-a=1; b=2; __Host-a=3"), ["1", "3"]);
        assert_eq!(values(b"__Host-a=1;__Host-a=2 ;\t__Host-a=; ;; = ;=x"), ["1", "2", ""]);
        assert_eq!(values(b"\xff=\xfe; b=\xf0\x9f; __Host-a=\xff; __Host-a=1=2"), ["1=2"]);
        let other_names = "__host-a=1; x__Host-a=2; __Host-aa=3; __Host-a =4; __Host-a; \u{a0}__Host-a=5; \
                           \u{2000}__Host-a=6; \u{b}__Host-a=7; \"__Host-a\"=8; =__Host-a=9; $Version=1, __Host-a=10; b=__Host-a=11";
        assert!(values(other_names.as_bytes()).is_empty());
    }

    #[test]
    fn json_has_a_json_content_type() {
        for content_type in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/problem+json",
        ] {
            assert!(is_json(content_type), "{content_type}");
        }
        for content_type in
            ["", "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp"]
        {
            assert!(!is_json(content_type), "{content_type}");
        }
    }
}
