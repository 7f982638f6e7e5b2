//! The reasons why a field is invalid, with stable codes and messages.

use std::{fmt, str::FromStr};

use crate::Language;

macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident $(($bound:ty))? = $code:literal, $korean:literal, $english:literal;)*) => {
        /// The reason why one value is invalid. `FromStr` parses what `Display` writes, so that a
        /// problem can pass through serde, whose errors contain only text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Problem { $($(#[$doc])* $variant $(($bound))?,)* }

        impl Problem {
            /// Returns all problems, with this bound if they have one.
            fn all(bound: u32) -> impl Iterator<Item = Self> {
                [$(Self::$variant $((<$bound>::from(bound)))?,)*].into_iter()
            }

            /// Returns the code as in `fields[].code` of a response.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)* }
            }

            /// Returns the message for a person.
            pub fn message(self, language: Language) -> String {
                let text = match (self, language) {
                    $((Self::$variant { .. }, Language::Korean) => $korean,
                      (Self::$variant { .. }, Language::English) => $english,)*
                };
                self.bound().map_or_else(|| text.to_owned(), |bound| text.replace("{}", &bound.to_string()))
            }
        }
    };
}

// `{}` is replaced by the bound.
problems! {
    /// The field is missing, empty or blank.
    Required = "required", "꼭 입력해 주세요.", "This is required.";
    /// Another JSON type was expected.
    WrongType = "wrong_type", "값의 형식이 맞지 않아요.", "The value is of the wrong type.";
    /// The text has fewer characters than the bound.
    TooShort(u32) = "too_short", "{}자 이상 입력해 주세요.", "At least {} characters are needed.";
    /// The text has more characters than the bound.
    TooLong(u32) = "too_long", "{}자까지 쓸 수 있어요.", "At most {} characters are allowed.";
    /// There are more list entries or files than the bound.
    TooMany(u32) = "too_many", "{}개까지 보낼 수 있어요.", "At most {} can be sent.";
    /// The number is out of range.
    OutOfRange = "out_of_range", "허용 범위를 벗어난 값이에요.", "The value is out of range.";
    /// The field does not allow a character, such as NUL, an invisible character in a name, or
    /// punctuation in a username.
    InvalidCharacters = "invalid_characters", "쓸 수 없는 문자가 있어요.", "It has characters that are not allowed.";
    /// The value does not have the expected format, such as that of a UUID.
    InvalidFormat = "invalid_format", "형식이 맞지 않아요.", "The format is not valid.";
    /// The password has no letter or no digit, and fewer than 15 characters.
    LetterAndDigit = "letter_and_digit_required", "영문과 숫자를 섞거나 15자 이상으로 만들어 주세요.", "At least one letter and one digit, or 15 characters, are needed.";
    /// The repeated value differs from the first one.
    Mismatch = "mismatch", "서로 달라요.", "The two values differ.";
    /// The password contains the username.
    ContainsUsername = "contains_username", "아이디가 들어간 비밀번호는 쓸 수 없어요.", "It must not contain the username.";
    /// The password contains the name of the product.
    ContainsProductName = "contains_product_name", "chatchat이 들어간 비밀번호는 쓸 수 없어요.", "It must not contain “chatchat”.";
    /// The password is one of the common passwords, or one with one or two digits after it.
    CommonPassword = "common_password", "너무 흔한 비밀번호예요.", "This password is too common.";
    /// The file is not a picture, is damaged, or has an unsupported format.
    UnsupportedPicture = "unsupported_picture", "JPEG, PNG, WebP가 아니거나 손상된 사진이에요.", "It is not a picture in JPEG, PNG or WebP, or it is damaged.";
    /// The picture has more megapixels than the bound.
    TooManyPixels(u32) = "too_many_pixels", "사진은 {}00만 화소까지 올릴 수 있어요.", "At most {} megapixels are allowed.";
    /// The picture was not uploaded by this account.
    UnknownPicture = "unknown_picture", "여기에 올린 사진만 쓸 수 있어요.", "Only pictures that were uploaded here can be used.";
    /// Two parameters cannot be used together.
    Conflict = "conflict", "함께 쓸 수 없는 값이에요.", "These cannot be used together.";
}

impl Problem {
    fn bound(self) -> Option<u32> {
        match self {
            Self::TooShort(bound)
            | Self::TooLong(bound)
            | Self::TooMany(bound)
            | Self::TooManyPixels(bound) => Some(bound),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bound() {
            Some(bound) => write!(f, "{} {bound}", self.code()),
            None => f.write_str(self.code()),
        }
    }
}

impl std::error::Error for Problem {}

impl FromStr for Problem {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (code, bound) = text.split_once(' ').unwrap_or((text, "0"));
        let bound = bound.parse().map_err(drop)?;
        Self::all(bound).find(|problem| problem.code() == code).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_round_trips_through_text() {
        for problem in Problem::all(7) {
            assert_eq!(problem.to_string().parse(), Ok(problem));
        }
        assert_eq!("something else".parse::<Problem>(), Err(()));
        assert_eq!("something".parse::<Problem>(), Err(()));
    }

    #[test]
    fn message_contains_the_bound() {
        for problem in Problem::all(7) {
            for language in [Language::Korean, Language::English] {
                let message = problem.message(language);
                assert!(!message.contains("{}"), "{message}");
                assert_eq!(message.contains('7'), problem.bound().is_some(), "{message}");
            }
        }
    }
}
