//! Pictures: what they are stored under, and the URLs that name them.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::Problem;

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

    /// As it stands in the bucket and in the database.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// Where everybody finds the pictures: a URL without a slash at its end. A deployment may change it, so only keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PicturesUrl(String);

impl PicturesUrl {
    /// As the environment names it.
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// Where everybody finds this one.
    pub fn of(&self, key: &PictureKey) -> String {
        format!("{}/{key}", self.0)
    }
}

/// The text of a request's `imageUrl`: blank, or a URL that ends in the key of a picture. Whether it is a URL of ours is to be asked
/// of [`PictureUrl::within`], and whether the picture was uploaded, of the store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PictureUrl(Option<(String, PictureKey)>);

impl PictureUrl {
    /// The picture; none for a blank text. Refuses a URL that is not one of `pictures`.
    pub fn within(self, pictures: &PicturesUrl) -> Result<Option<PictureKey>, Problem> {
        match self.0 {
            None => Ok(None),
            Some((before, key)) if before == pictures.0 => Ok(Some(key)),
            Some(_) => Err(Problem::UnknownPicture),
        }
    }
}

impl TryFrom<String> for PictureUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let (before, key) = text.rsplit_once("/profile/").ok_or(Problem::UnknownPicture)?;
        Ok(Self(Some((before.to_owned(), format!("profile/{key}").parse()?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://pictures.example";

    fn pictures() -> PicturesUrl {
        PicturesUrl::new(BASE.to_owned())
    }

    #[test]
    fn a_key_survives_being_written_into_a_url_and_read() {
        for format in PictureFormat::ALL {
            let key = PictureKey::new([0xa5; 32], format);
            assert_eq!(key.as_str(), format!("profile/{}.{}", "a5".repeat(32), format.extension()));
            let url = pictures().of(&key);
            assert_eq!(url, format!("{BASE}/{key}"));
            assert_eq!(PictureUrl::try_from(url).unwrap().within(&pictures()), Ok(Some(key)));
        }
    }

    #[test]
    fn a_blank_text_is_no_picture() {
        for text in ["", "  ", "\n"] {
            assert_eq!(PictureUrl::try_from(text.to_owned()).unwrap().within(&pictures()), Ok(None));
        }
    }

    #[test]
    fn any_other_url_is_unknown() {
        let name = "a5".repeat(32);
        for url in [
            format!("https://evil.example/profile/{name}.jpg"),
            format!("{BASE}.evil.example/profile/{name}.jpg"),
            format!("{BASE}//profile/{name}.jpg"),
            format!("{BASE}/profile/profile/{name}.jpg"),
            format!("{BASE}/profile/../profile/{name}.jpg"),
            format!("{BASE}/profile/{name}.jpg?x"),
            format!("{BASE}/profile/{name}.jpg/"),
            format!("{BASE}/profile/{name}.svg"),
            format!("{BASE}/profile/{}.jpg", name.to_uppercase()),
            format!("{BASE}/profile/{}.jpg", &name[1..]),
            format!(" {BASE}/profile/{name}.jpg"),
            format!("profile/{name}.jpg"),
            format!("/profile/{name}.jpg"),
            "javascript:alert(1)".to_owned(),
        ] {
            let read = PictureUrl::try_from(url.clone()).and_then(|url| url.within(&pictures()));
            assert_eq!(read, Err(Problem::UnknownPicture), "{url}");
        }
    }
}
