//! An HTTP request.

use std::{collections::HashMap, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use chatchat_domain::{EnteredPassword, ErrorCode, Language, Problem, Username};
use http::{
    HeaderMap,
    header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName},
    uri::{Authority, PathAndQuery},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    Error, FieldError, Ids, PageOrigin, Viewer, Viewers, fields,
    http_event::{HttpContext, HttpEvent},
    language,
};

/// The maximum size of a JSON body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// An HTTP request.
pub struct Request {
    context: HttpContext,
    raw_path: String,
    path_parameters: HashMap<String, String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    cookies: Vec<String>,
    body: Vec<u8>,
    /// The parts that are not valid in HTTP.
    invalid: Vec<FieldError>,
    viewer: Viewer,
    pub(crate) language: Language,
    /// What the log line names.
    pub ids: Ids,
}

impl Request {
    /// Reads the event of a request, in API Gateway's payload format 2.0.
    pub fn from_event(event: Value) -> serde_json::Result<Self> {
        Ok(Self::new(serde_json::from_value(event)?, &Viewers::from_environment()))
    }

    pub(crate) fn new(event: HttpEvent, viewers: &Viewers) -> Self {
        let headers = HeaderMap::try_from(&event.headers);
        let body = if event.is_base64_encoded {
            STANDARD.decode(&event.body).map_err(drop)
        } else {
            Ok(event.body.into_bytes())
        };
        let parts = [
            ("headers", headers.is_ok()),
            ("host", event.headers.get(HOST.as_str()).is_none_or(|host| is_host(host))),
            ("query", format!("/?{}", event.raw_query_string).parse::<PathAndQuery>().is_ok()),
            ("body", body.is_ok()),
        ];
        let invalid = parts.into_iter().filter(|(_, is_valid)| !is_valid);
        let invalid = invalid.map(|(part, _)| FieldError::new(part, Problem::InvalidFormat)).collect();
        let headers = headers.unwrap_or_default();
        let request = Self {
            ids: Ids::default(),
            query: form_urlencoded::parse(event.raw_query_string.as_bytes()).into_owned().collect(),
            viewer: viewers.of(&headers, &event.request_context.http.source_ip),
            language: language::preferred(&headers),
            context: event.request_context,
            raw_path: event.raw_path,
            path_parameters: event.path_parameters,
            cookies: event.cookies,
            body: body.unwrap_or_default(),
            headers,
            invalid,
        };
        request.name_room();
        request
    }

    /// Names the room in the path, for the log.
    fn name_room(&self) {
        let is_room = ["/customer/chatrooms/", "/company/chatrooms/"];
        if is_room.iter().any(|start| self.path_in_stage().starts_with(start))
            && let Ok(room) = self.path("id")
        {
            self.ids.set_room(room);
        }
    }

    /// Fails if a part of the request is not valid in HTTP.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.invalid.is_empty() { Ok(()) } else { Err(Error::Invalid(self.invalid.clone())) }
    }

    /// Returns the JSON body. An error names all wrong fields.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.json_with_checks(|_| Vec::new())
    }

    /// Returns the JSON body. An error names all wrong fields, including those that `checks`
    /// finds by comparing fields.
    pub fn json_with_checks<T: DeserializeOwned>(
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

    /// Returns the body as it was sent.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Returns the media type of the body with its parameters; empty if the request names none.
    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE).unwrap_or_default()
    }

    /// Parses a parameter of the path.
    pub fn path<T: FromStr<Err = Problem>>(&self, name: &str) -> Result<T, Error> {
        let text = self.path_parameters.get(name).map(String::as_str).unwrap_or_default();
        text.parse().map_err(|problem| Error::Invalid(vec![FieldError::new(name, problem)]))
    }

    /// Returns a parameter of the query as text, or `None` if it is missing. If it is repeated,
    /// returns the first one.
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Parses a parameter of the query, or returns `None` if it is missing.
    pub fn query<T: FromStr<Err = Problem>>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.query_text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|problem| Error::Invalid(vec![FieldError::new(name, problem)]))
    }

    /// The values of all cookies of that name, in the order in which the client sent them.
    pub fn cookies(&self, name: &str) -> impl Iterator<Item = &str> {
        self.cookies.iter().flat_map(move |header| cookies(header, name))
    }

    /// The id of the request in the log and in error responses.
    pub fn id(&self) -> &str {
        &self.context.request_id
    }

    /// The viewer's IP address; empty if the event has none.
    pub fn viewer_address(&self) -> &str {
        &self.viewer.address
    }

    /// Fails with `origin_not_allowed` if a page of another site sent the request.
    pub fn check_origin(&self) -> Result<(), Error> {
        match self.viewer.origin {
            PageOrigin::Allowed => Ok(()),
            PageOrigin::Unknown | PageOrigin::Foreign => Err(ErrorCode::OriginNotAllowed.into()),
        }
    }

    /// Whether this is a CORS preflight (Fetch standard, CORS-preflight request).
    pub fn is_preflight(&self) -> bool {
        self.context.http.method == "OPTIONS" && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The path as it was sent, without the stage of the API.
    pub fn path_in_stage(&self) -> &str {
        let path = self.raw_path.as_str();
        path.strip_prefix('/')
            .and_then(|path| path.strip_prefix(self.context.stage.as_str()))
            .filter(|path| path.starts_with('/'))
            .unwrap_or(path)
    }

    /// The token of an `Authorization: Bearer` header (RFC 6750): `None` without the header, and an
    /// empty text for another scheme.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION)?;
        let (scheme, token) =
            self.header(AUTHORIZATION).unwrap_or_default().split_once(' ').unwrap_or_default();
        Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Whether a `Host` header is valid in a URI (RFC 3986) and in a URL of a browser (URL standard),
/// which also limits the port and the parts of an IP address.
fn is_host(host: &str) -> bool {
    host.parse::<Authority>().is_ok() && Url::parse(&format!("https://{host}")).is_ok()
}

/// The values of the cookies of that name in a `Cookie` header (RFC 6265, section 5.4). The name
/// must match exactly, and only spaces and tabs around a cookie are removed: browsers enforce the
/// rules of `__Host-` for exactly this name, but not for a name with other white space around it.
/// Other cookies may have any content.
fn cookies<'a>(header: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    header
        .split(';')
        .filter_map(move |cookie| cookie.trim_matches([' ', '\t']).strip_prefix(name)?.strip_prefix('='))
}

/// Whether a content type is JSON: `application/json` or `application/…+json`, with any parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A check for [`Request::json_with_checks`]: returns an error if the password in the field `again`
/// differs from that in the field `first`.
pub fn repeats(object: &Map<String, Value>, first: &str, again: &str) -> Option<FieldError> {
    let (first, again_value) = (object.get(first), object.get(again));
    let same = match (entered(first), entered(again_value)) {
        (Some(first), Some(again)) => first == again,
        _ => first == again_value,
    };
    (again_value.is_some() && !same).then(|| FieldError::new(again, Problem::Mismatch))
}

/// A check for [`Request::json_with_checks`]: returns an error if the password contains the
/// username, ignoring case.
pub fn excludes(object: &Map<String, Value>, password: &str, username: &str) -> Option<FieldError> {
    let username = object.get(username)?.as_str()?.to_owned();
    let username = Username::try_from(username).ok()?;
    let contains = entered(object.get(password))?.contains(username.as_str());
    contains.then(|| FieldError::new(password, Problem::ContainsUsername))
}

fn entered(password: Option<&Value>) -> Option<EnteredPassword> {
    password?.as_str().map(|text| text.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cookies_with_a_name_are_found() {
        let values = |header| cookies(header, "__Host-a").collect::<Vec<_>>();
        assert_eq!(values("__Host-a=1; b=2; __Host-a=3"), ["1", "3"]);
        assert_eq!(values("__Host-a=1;__Host-a=2 ;\t__Host-a=; ;; = ;=x"), ["1", "2", ""]);
        assert_eq!(values("\u{fffd}=\u{fffd}; b=값; __Host-a=1=2"), ["1=2"]);
        let other_names = "__host-a=1; x__Host-a=2; __Host-aa=3; __Host-a =4; __Host-a; \u{a0}__Host-a=5; \
                           \u{2000}__Host-a=6; \u{b}__Host-a=7; \"__Host-a\"=8; =__Host-a=9; $Version=1, __Host-a=10; b=__Host-a=11";
        assert!(values(other_names).is_empty());
    }

    #[test]
    fn json_content_types_are_recognised() {
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
