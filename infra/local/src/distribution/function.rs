//! CloudFront functions: JavaScript in the template that runs for each request.

use std::{fmt, net::IpAddr};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, Uri, header, request::Parts},
};
use rquickjs::{Context, Runtime};
use serde_json::{Map, Value, json};

/// A function at `viewer-request`.
pub(super) struct Function {
    pub(super) name: String,
    engine: Context,
}

/// The result of a function.
pub(super) enum Outcome {
    /// The request, which the function may have changed, goes to the origin.
    Forward,
    /// The function's own response goes to the viewer.
    Respond(Response<Body>),
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Function {
    /// Compiles the code, which declares `handler(event)`.
    pub(super) fn new(name: &str, code: &str) -> Result<Self, String> {
        let failed = |error: &dyn fmt::Display| format!("the code of {name} cannot be run: {error}");
        let runtime = Runtime::new().map_err(|error| failed(&error))?;
        let engine = Context::full(&runtime).map_err(|error| failed(&error))?;
        let call = "const call = event => JSON.stringify(handler(JSON.parse(event)));";
        engine
            .with(|context| context.eval::<(), _>(format!("{code}\n{call}")))
            .map_err(|error| failed(&error))?;
        Ok(Self { name: name.to_owned(), engine })
    }

    /// Calls the handler with a request and applies the returned changes to it.
    pub(super) fn run(&self, viewer: IpAddr, parts: &mut Parts) -> Result<Outcome, String> {
        let event = event(viewer, parts).to_string();
        let returned = self.engine.with(|context| {
            let call: rquickjs::Function<'_> = context.eval("call")?;
            call.call::<_, String>((event,))
        });
        let returned = returned.map_err(|error| error.to_string())?;
        let returned: Value = serde_json::from_str(&returned).map_err(|error| error.to_string())?;
        if returned["statusCode"].is_null() {
            change(parts, &returned)?;
            return Ok(Outcome::Forward);
        }
        let status = crate::number(&returned["statusCode"]).and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status.ok_or("its statusCode is not a status")?;
        for (name, value) in returned["headers"].as_object().into_iter().flatten() {
            let (name, value) = field(name, value)?;
            response.headers_mut().insert(name, value);
        }
        Ok(Outcome::Respond(response))
    }
}

/// The event of a request, in the form of the runtime `cloudfront-js-2.0`. It contains no cookies
/// among the headers, and no body.
fn event(viewer: IpAddr, parts: &Parts) -> Value {
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        if *name != header::COOKIE {
            headers.insert(name.to_string(), json!({ "value": String::from_utf8_lossy(value.as_bytes()) }));
        }
    }
    json!({
        "version": "1.0",
        "context": { "eventType": "viewer-request" },
        "viewer": { "ip": viewer.to_string() },
        "request": {
            "method": parts.method.as_str(),
            "uri": parts.uri.path(),
            "headers": headers,
            "querystring": {},
            "cookies": {},
        },
    })
}

/// Applies the path and the headers of a returned request. The query and the cookies do not change.
fn change(parts: &mut Parts, request: &Value) -> Result<(), String> {
    let path = request["uri"].as_str().ok_or("it returned neither a request nor a response")?;
    if path != parts.uri.path() {
        let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let uri: Uri = format!("{path}{query}").parse().map_err(|_| "its uri is not a path")?;
        parts.uri = uri;
    }
    let cookies = parts.headers.get_all(header::COOKIE).iter().cloned().collect::<Vec<_>>();
    let headers = request["headers"].as_object().ok_or("it returned a request without headers")?;
    // The event has only one value of a repeated header. If the function did not change that value,
    // all values stay.
    let before = std::mem::take(&mut parts.headers);
    for (name, value) in headers {
        let (name, value) = field(name, value)?;
        let unchanged = before.get_all(&name).iter().next_back() == Some(&value);
        if unchanged {
            before.get_all(&name).iter().for_each(|one| _ = parts.headers.append(&name, one.clone()));
        } else {
            parts.headers.insert(name, value);
        }
    }
    for cookie in cookies {
        parts.headers.append(header::COOKIE, cookie);
    }
    Ok(())
}

fn field(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), String> {
    let text = value["value"].as_str().unwrap_or_default();
    match (name.parse(), HeaderValue::from_bytes(text.as_bytes())) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(format!("{name:?} is not a header with a value")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const VIEWER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

    fn parts() -> Parts {
        let request = Request::builder().uri("/rooms/7?a=1").header("host", "chat.example.com");
        let request = request.header("cookie", "a=1").header("cookie", "b=2").header("accept", "x");
        request.body(()).unwrap().into_parts().0
    }

    fn run(code: &str, parts: &mut Parts) -> Result<Outcome, String> {
        Function::new("test", &format!("function handler(event) {{ {code} }}"))?.run(VIEWER, parts)
    }

    #[test]
    fn function_changes_path_and_headers() {
        let mut parts = parts();
        let code = "event.request.uri = '/index.html';
            event.request.headers['x-host'] = { value: event.request.headers.host.value };
            event.request.headers['x-address'] = { value: event.viewer.ip };
            delete event.request.headers.accept; return event.request;";
        assert!(matches!(run(code, &mut parts), Ok(Outcome::Forward)));
        assert_eq!(parts.uri, "/index.html?a=1");
        assert_eq!(parts.headers["x-host"], "chat.example.com");
        assert_eq!(parts.headers["x-address"], "203.0.113.7");
        assert!(!parts.headers.contains_key("accept"));
        let cookies: Vec<_> = parts.headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn function_can_respond() {
        let code = "return { statusCode: 302, headers: { location: { value: '/x' } } };";
        let Ok(Outcome::Respond(response)) = run(code, &mut parts()) else { panic!("no response") };
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (302, &HeaderValue::from_static("/x"))
        );
    }

    #[test]
    fn function_that_throws_or_returns_nothing_fails() {
        for code in ["throw new Error('x')", "return null", "return {}"] {
            assert!(run(code, &mut parts()).is_err(), "{code}");
        }
        assert!(Function::new("test", "function handler( {").is_err());
    }
}
