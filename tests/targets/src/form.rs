//! The multipart form of an upload.

use base64::{Engine, engine::general_purpose::STANDARD};
use chatchat_domain::ErrorCode;
use chatchat_function::{Error, Request};
use futures_util::FutureExt;
use profiles::form::{MAX_FILE, file};
use serde_json::json;

const BOUNDARY: &str = "----boundary";

/// Reads the file of a form. The first line of the input is the `Content-Type`, and the rest is the
/// body.
///
/// - A file is a part of the body, does not contain the boundary, and has 1 byte to 4 MiB.
/// - An error names the body or the file.
/// - If the input is sent as a file after another field, it is the file that is read.
pub fn form(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (content_type, body) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    if let Ok(content_type) = str::from_utf8(content_type) {
        match read(content_type, body) {
            Ok(file) => {
                assert!((1..=MAX_FILE).contains(&file.len()), "{} bytes", file.len());
                assert!(contains(body, &file), "the file is not in the body");
                assert!(content_type.to_ascii_lowercase().contains("boundary"), "{content_type}");
            }
            Err(Error::Invalid(fields)) => {
                let is_known = |field: &str| ["body", "file"].contains(&field);
                assert!(fields.len() == 1 && is_known(&fields[0].field), "{fields:?}");
            }
            Err(error) => {
                let known = [ErrorCode::UnsupportedMediaType, ErrorCode::BodyTooLarge];
                assert!(known.contains(&error.code()), "{error}");
            }
        }
    }
    let delimiter = format!("\r\n--{BOUNDARY}");
    if !input.is_empty() && !contains(input, delimiter.as_bytes()) {
        let other = "Content-Disposition: form-data; name=\"other\"\r\n\r\nx";
        let header = "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
        let start = format!("--{BOUNDARY}\r\n{other}{delimiter}\r\n{header}");
        let body = [start.as_bytes(), input, delimiter.as_bytes(), b"--\r\n"].concat();
        let found = read(&format!("multipart/form-data; boundary={BOUNDARY}"), &body);
        assert_eq!(found.ok().as_deref(), Some(input));
    }
}

fn read(content_type: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
    let event = json!({
        "headers": { "content-type": content_type },
        "body": STANDARD.encode(body),
        "isBase64Encoded": true,
        "requestContext": {
            "http": { "method": "POST", "sourceIp": "192.0.2.1" }, "requestId": "1", "stage": "$default",
        },
    });
    let request = Request::from_event(event).unwrap();
    assert_eq!(request.bytes(), body);
    file(&request, "file").now_or_never().expect("the whole body is there").map(|file| file.to_vec())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
