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
    http::{
        Method,
        header::{
            ACCEPT_LANGUAGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName,
            ORIGIN,
        },
    },
    request::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, FieldError, fields, language, origin};

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
        Self { inner, authorization: Authorization::Absent, asked: AtomicBool::new(false), language, id }
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

    /// A cookie's value. Others beside it may hold whatever they like.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.inner.headers().get(COOKIE)?.as_bytes().split(|byte| *byte == b';');
        let value = cookies
            .filter_map(|cookie| cookie.trim_ascii().strip_prefix(name.as_bytes()))
            .find_map(|cookie| cookie.strip_prefix(b"="))?;
        str::from_utf8(value).ok()
    }

    /// To find the request in the log.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The address that the request came from, as API Gateway saw it.
    pub fn source_address(&self) -> &str {
        match self.inner.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.http.source_ip.as_deref().unwrap_or_default()
            }
            _ => "",
        }
    }

    /// Refuses with `origin_not_allowed` what another site's page sends along with our cookie.
    pub fn check_origin(&self) -> Result<(), Error> {
        if origin::is_allowed(self.inner.headers().get(ORIGIN)) {
            Ok(())
        } else {
            Err(ErrorCode::OriginNotAllowed.into())
        }
    }

    /// Whether a browser asks what another site's page may send here (Fetch standard, CORS-preflight request).
    pub fn is_preflight(&self) -> bool {
        let headers = self.inner.headers();
        self.inner.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The path as it was sent, for answering what no route matches.
    pub fn raw_path(&self) -> &str {
        self.inner.raw_http_path()
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
