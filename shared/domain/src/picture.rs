//! The keys of pictures in the bucket, and their URLs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use crate::Problem;

/// The beginning of the path of every picture.
const FOLDER: &str = "/pictures/";

/// The format of a stored picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// For pictures whose pixels are all opaque.
    Jpeg,
    /// For pictures with transparency.
    Png,
}

impl PictureFormat {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// Returns the extension of the key, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Returns the `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// The key of a picture: `profile/`, 32 random bytes in lower-case hexadecimal, and the extension
/// of its format. Each upload has its own key, so the object of a deleted picture is never used
/// again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureKey(String);

impl PictureKey {
    /// Creates the key of a picture from random bytes.
    pub fn new(random: [u8; 32], format: PictureFormat) -> Self {
        let [high, low] = [&random[..16], &random[16..]]
            .map(|half| half.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte)));
        Self(format!("profile/{high:032x}{low:032x}.{}", format.extension()))
    }

    /// Returns the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the picture's path at the origin. Without the leading slash, it is the key of the
    /// object in the bucket.
    pub fn path(&self) -> String {
        format!("{FOLDER}{}", self.0)
    }
}

impl fmt::Display for PictureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes the path, as a response's `imageUrl`.
impl Serialize for PictureKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.path())
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

/// The `imageUrl` of a request: blank, or the path of a picture. Whether the account uploaded that
/// picture is checked in `chatchat-store`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PictureUrl(Option<PictureKey>);

impl PictureUrl {
    /// Returns the key, or `None` for a blank text, which removes the picture.
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
    fn key_round_trips_through_its_path() {
        for format in PictureFormat::ALL {
            let key = PictureKey::new([0xa5; 32], format);
            assert_eq!(key.as_str(), format!("profile/{}.{}", "a5".repeat(32), format.extension()));
            assert_eq!(key.path(), format!("/pictures/{key}"));
            assert_eq!(PictureUrl::try_from(key.path()).unwrap().into_key(), Some(key));
        }
    }

    #[test]
    fn blank_text_means_no_picture() {
        for text in ["", "  ", "\n"] {
            assert_eq!(PictureUrl::try_from(text.to_owned()).unwrap().into_key(), None);
        }
    }

    #[test]
    fn any_other_url_is_rejected() {
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
