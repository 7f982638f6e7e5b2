//! The file of a `multipart/form-data` body (RFC 7578).

use std::convert::Infallible;

use chatchat_domain::{ErrorCode, Problem};
use chatchat_function::{Error, FieldError, Request};
use futures_util::{future::ready, stream};
use multer::{Multipart, bytes::Bytes};

/// The maximum size of a file, in bytes. Lambda accepts events of 6 MB, and the body is in Base64,
/// which leaves about 4.4 MiB.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// The maximum size of a body, in bytes: the file and the rest of the form.
const MAX_BODY: usize = MAX_FILE + 64 * 1024;

/// Returns the bytes of the one field `name`. The type and file name in the form are not trusted
/// and not read. Other fields are ignored.
pub async fn file(request: &Request, name: &str) -> Result<Bytes, Error> {
    let essence = request.content_type().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    if request.bytes().len() > MAX_BODY {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    let body = Bytes::copy_from_slice(request.bytes());
    let boundary = parameter(request.content_type(), "boundary");
    let boundary = boundary.filter(|boundary| !boundary.is_empty()).ok_or_else(broken)?;
    let files = files(body, boundary, name).await.map_err(|_| broken())?;
    let problem = match <[Bytes; 1]>::try_from(files) {
        Ok([file]) if file.len() > MAX_FILE => return Err(ErrorCode::BodyTooLarge.into()),
        Ok([file]) if !file.is_empty() => return Ok(file),
        Ok(_) => Problem::Required,
        Err(files) if files.is_empty() => Problem::Required,
        Err(_) => Problem::TooMany(1),
    };
    Err(Error::Invalid(vec![FieldError::new(name, problem)]))
}

/// Returns all fields with this name.
async fn files(body: Bytes, boundary: String, name: &str) -> Result<Vec<Bytes>, multer::Error> {
    let mut form = Multipart::new(stream::once(ready(Ok::<_, Infallible>(body))), boundary);
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await? {
        let disposition = field.headers().get("content-disposition").map(AsRef::as_ref);
        let disposition = String::from_utf8_lossy(disposition.unwrap_or_default());
        if parameter(&disposition, "name").as_deref() == Some(name) {
            files.push(field.bytes().await?);
        }
    }
    Ok(files)
}

/// Returns a parameter of a header such as `form-data; name="file"` (RFC 9110, section 5.6.6),
/// without the quotes and escapes of a quoted text. More than the RFC allows, there may be white
/// space around `=`, and an unquoted value may contain all characters except `;`.
///
/// `multer` also finds a name inside a quoted file name, and no boundary with a `=`. A parser that
/// rejects the whole header would reject the uploads of browsers, which do not escape backslashes
/// in file names.
fn parameter(header: &str, name: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (before, value) = rest.split_once('=')?;
        let found = before.rsplit(';').next().unwrap_or_default().trim();
        let text;
        (text, rest) = if let Some(quoted) = value.trim_start().strip_prefix('"') {
            unquoted(quoted)?
        } else {
            let (text, rest) = value.split_once(';').unwrap_or((value, ""));
            (text.trim().to_owned(), rest)
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(text);
        }
    }
}

/// Returns a quoted text without its escapes, and what follows the closing quote.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' => text.push(characters.next()?.1),
            _ => text.push(character),
        }
    }
    None
}

fn broken() -> Error {
    Error::Invalid(vec![FieldError::new("body", Problem::InvalidFormat)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_from_what_browsers_and_curl_send() {
        for disposition in [
            // Chrome, Firefox and Safari: no escapes except %22, %0D and %0A.
            r#"form-data; name="file"; filename="a.png""#,
            r#"form-data; name="file"; filename="a%22b.png""#,
            r#"form-data; name="file"; filename="C:\a\""#,
            r#"form-data; name="file"; filename="가게; name=x.png""#,
            // curl before 7.81 escapes quotes and backslashes.
            r#"form-data; name="file"; filename="a\"b\\.png""#,
            // RFC 7578 and RFC 2183.
            "form-data; name=file",
            "form-data; name=file; filename=a.png",
            "form-data;name=file ;filename=a.png",
            "form-data ; name=\"file\"",
            "form-data\t;\tname=\"file\"",
            "FORM-DATA; NAME=\"file\"",
            "form-data; name = \"file\"",
            r#"form-data; name="f\ile""#,
            r#"form-data; filename="a.png"; name="file""#,
            "form-data; filename=a.png; name=file",
            r#"form-data; filename*=UTF-8''name%3Dx; name="file""#,
            r#"form-data; unknown; name="file""#,
        ] {
            assert_eq!(parameter(disposition, "name").as_deref(), Some("file"), "{disposition}");
        }
    }

    #[test]
    fn name_inside_another_parameter_is_not_found() {
        for (disposition, name) in [
            (r#"form-data; filename="a; name=file"; name="other""#, Some("other")),
            (r#"form-data; filename="a; name=file ; b"; name=other"#, Some("other")),
            (r#"form-data; filename="a\"; name=\"file\""; name="other""#, Some("other")),
            (r#"form-data; filename="; name=\"file\"""#, None),
            (r#"form-data; filename="a; name=file"#, None),
            ("form-data; x-name=file", None),
            ("form-data; names=file", None),
            ("form-data; name", None),
            ("name=file", None),
            ("form-data", None),
            ("", None),
        ] {
            assert_eq!(parameter(disposition, "name").as_deref(), name, "{disposition}");
        }
    }

    #[test]
    fn boundary_may_be_quoted_and_have_any_character_of_rfc_2046() {
        for (content_type, boundary) in [
            (
                "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
                "----WebKitFormBoundary7MA4YWxkTrZu0gW",
            ),
            (
                "multipart/form-data; boundary=------------------------d74496d66958873e",
                "------------------------d74496d66958873e",
            ),
            ("multipart/form-data; boundary=\"=_a'()+,-./:? b\"", "=_a'()+,-./:? b"),
            ("multipart/form-data; boundary=----=_Part_1_2.3", "----=_Part_1_2.3"),
            ("multipart/form-data ; charset=utf-8 ; Boundary=a ", "a"),
            ("multipart/form-data;boundary=a;charset=utf-8", "a"),
        ] {
            assert_eq!(parameter(content_type, "boundary").as_deref(), Some(boundary), "{content_type}");
        }
    }

    #[tokio::test]
    async fn parts_may_have_padding_preamble_and_epilogue() {
        let files = async |body: &str| files(Bytes::from(body.to_owned()), "b".to_owned(), "file").await.ok();
        for body in [
            "--b\r\nContent-Disposition: form-data; name=file\r\n\r\n1\n2\r\n--b--",
            "--b \t\r\ncontent-disposition:form-data;name=file\r\n\r\n1\n2\r\n--b--\r\nepilogue",
            "preamble\r\n--b\r\nX: y\r\nContent-Disposition: form-data; name=file\r\n\r\n1\n2\r\n--b--\r\n",
        ] {
            assert_eq!(files(body).await.unwrap(), ["1\n2"], "{body}");
        }
        // RFC 2046 requires CRLF.
        let line_feeds = "--b\nContent-Disposition: form-data; name=file\n\n1\n--b--\n";
        assert!(files(line_feeds).await.is_none());
    }
}
