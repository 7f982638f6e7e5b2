//! The request of a cell, and how it is sent.

use chatchat_harness::{Answer, Client, Person};
use reqwest::Method;
use serde_json::Value;

/// Pictures of 1 × 1 pixel, one for each side.
const PNGS: [&[u8]; 2] = [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc8!'\x07\0\x02\xb6\x01\x054\xa6u\xaa\0\0\0\0IEND\xaeB`\x82",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\x90\x93;\x01\0\x01b\x01\x05\x11\x1b\xa3!\0\0\0\0IEND\xaeB`\x82",
];

/// The body of a request.
pub(super) enum Body {
    None,
    Json(Value),
    Form(Vec<u8>),
}

/// The form that uploads a side's picture.
pub(super) fn form(side: usize) -> Body {
    let head = "--matrix\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    Body::Form([head.as_bytes(), PNGS[side], b"\r\n--matrix--\r\n"].concat())
}

/// The text of a value in a path or a query.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Adds fields to an object, except those that it already has.
pub(super) fn add_missing(object: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        object.as_object_mut().unwrap().entry(name).or_insert_with(|| value.clone());
    }
}

/// The request of a cell, and the account that sends it.
pub(super) struct CellRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) cookie: Option<String>,
    pub(super) body: Body,
    pub(super) by: Option<Person>,
}

impl CellRequest {
    /// A request that uploads a side's picture.
    pub(super) fn upload(by: Person, side: usize) -> Self {
        let path = "/files?folder=profile".to_owned();
        Self { method: Method::POST, path, cookie: None, body: form(side), by: Some(by) }
    }

    pub(super) async fn send(self, client: &Client) -> Answer {
        let mut request = client.request(self.method, &self.path);
        if let Some(person) = self.by {
            request = request.header("authorization", &format!("Bearer {}", person.token));
        }
        if let Some(cookie) = self.cookie {
            request = request.header("cookie", &cookie);
        }
        request = match self.body {
            Body::None => request,
            Body::Json(body) => request.header("content-type", "application/json").body(body.to_string()),
            Body::Form(body) => {
                request.header("content-type", "multipart/form-data; boundary=matrix").body(body)
            }
        };
        request.send().await.unwrap()
    }

    /// Adds the fields of an identity to a JSON body, or to the query if there is no JSON body.
    pub(super) fn add_identity(&mut self, identity: &Value) {
        if let Body::Json(body) = &mut self.body {
            return add_missing(body, identity);
        }
        for (name, value) in identity.as_object().unwrap() {
            let separator = if self.path.contains('?') { '&' } else { '?' };
            self.path = format!("{}{separator}{name}={}", self.path, text(value));
        }
    }
}
