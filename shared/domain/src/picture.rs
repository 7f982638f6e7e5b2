//! Pictures: what they are stored under, and the URLs that name them.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::Problem;

/// What the path of every picture begins with.
const FOLDER: &str = "/pictures/";

/// What stored pictures are encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Where all pixels are opaque.
    Jpeg,
    /// Where some are not.
    Png,
}

impl PictureFormat {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// The ending of the key, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The media type that it is served as.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What a picture is stored under: `profile/`, the SHA-256 of its bytes in lower-case hex, and its format's ending. The same
/// picture has the same key, whoever uploads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureKey(String);

impl PictureKey {
    /// The key of a picture whose bytes have this SHA-256.
    pub fn new(sha256: [u8; 32], format: PictureFormat) -> Self {
        let [high, low] = [&sha256[..16], &sha256[16..]]
            .map(|half| half.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte)));
        Self(format!("profile/{high:032x}{low:032x}.{}", format.extension()))
    }

    /// The key as the database stores it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path at which the one origin serves the picture. Without its first slash it is the object's
    /// key in the bucket.
    pub fn path(&self) -> String {
        format!("{FOLDER}{}", self.0)
    }
}

impl fmt::Display for PictureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PictureKey {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let (name, extension) =
            text.strip_prefix("profile/").and_then(|name| name.split_once('.')).unwrap_or_default();
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let known = PictureFormat::ALL.iter().any(|format| format.extension() == extension);
        if known && name.len() == 64 && name.bytes().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::UnknownPicture)
        }
    }
}

/// The text of a request's `imageUrl`: blank, or the path of a picture as this product writes it.
/// Whether the account uploaded that picture is for the store to check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PictureUrl(Option<PictureKey>);

impl PictureUrl {
    /// The picture; `None` for a blank text, which removes it.
    pub fn into_key(self) -> Option<PictureKey> {
        self.0
    }
}

impl TryFrom<String> for PictureUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        text.strip_prefix(FOLDER).ok_or(Problem::UnknownPicture)?.parse().map(|key| Self(Some(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_being_written_into_a_path_and_read() {
        for format in PictureFormat::ALL {
            let key = PictureKey::new([0xa5; 32], format);
            assert_eq!(key.as_str(), format!("profile/{}.{}", "a5".repeat(32), format.extension()));
            assert_eq!(key.path(), format!("/pictures/{key}"));
            assert_eq!(PictureUrl::try_from(key.path()).unwrap().into_key(), Some(key));
        }
    }

    #[test]
    fn a_blank_text_is_no_picture() {
        for text in ["", "  ", "\n"] {
            assert_eq!(PictureUrl::try_from(text.to_owned()).unwrap().into_key(), None);
        }
    }

    #[test]
    fn any_other_url_is_unknown() {
        let name = "a5".repeat(32);
        for url in [
            format!("https://evil.example/pictures/profile/{name}.jpg"),
            format!("//evil.example/pictures/profile/{name}.jpg"),
            format!("/pictures//profile/{name}.jpg"),
            format!("/pictures/profile/profile/{name}.jpg"),
            format!("/pictures/profile/../profile/{name}.jpg"),
            format!("/pictures/profile/{name}.jpg?x"),
            format!("/pictures/profile/{name}.jpg/"),
            format!("/pictures/profile/{name}.svg"),
            format!("/pictures/profile/{}.jpg", name.to_uppercase()),
            format!("/pictures/profile/{}.jpg", &name[1..]),
            format!(" /pictures/profile/{name}.jpg"),
            format!("pictures/profile/{name}.jpg"),
            format!("profile/{name}.jpg"),
            format!("/profile/{name}.jpg"),
            "javascript:alert(1)".to_owned(),
        ] {
            let read = PictureUrl::try_from(url.clone());
            assert_eq!(read, Err(Problem::UnknownPicture), "{url}");
        }
    }
}
