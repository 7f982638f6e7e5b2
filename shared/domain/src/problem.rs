//! Why a field was refused: stable codes for programs, sentences for people.

use std::{fmt, str::FromStr};

use crate::Language;

macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident $(($bound:ty))? = $code:literal, $korean:literal, $english:literal;)*) => {
        /// What is wrong with one value. `Display` and `FromStr` are exact inverses, so that a problem survives the way
        /// through serde, whose errors carry nothing but text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Problem { $($(#[$doc])* $variant $(($bound))?,)* }

        impl Problem {
            /// All of them, with this bound where there is one.
            fn all(bound: u32) -> impl Iterator<Item = Self> {
                [$(Self::$variant $((<$bound>::from(bound)))?,)*].into_iter()
            }

            /// The stable code, as it stands in `fields[].code` of an answer.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)* }
            }

            /// The sentence for a person.
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

// `{}` is the bound.
problems! {
    /// The field is missing, empty or blank.
    Required = "required", "꼭 입력해 주세요.", "This is required.";
    /// Another JSON type was expected.
    WrongType = "wrong_type", "값의 형식이 맞지 않아요.", "The value is of the wrong type.";
    /// Fewer characters than this.
    TooShort(u32) = "too_short", "{}자 이상 입력해 주세요.", "At least {} characters are needed.";
    /// More characters than this.
    TooLong(u32) = "too_long", "{}자까지 쓸 수 있어요.", "At most {} characters are allowed.";
    /// More list entries or files than this.
    TooMany(u32) = "too_many", "{}개까지 보낼 수 있어요.", "At most {} can be sent.";
    /// A number outside its bounds.
    OutOfRange = "out_of_range", "허용 범위를 벗어난 값이에요.", "The value is out of range.";
    /// A character that this field doesn't take: NUL, a control character, punctuation in a username.
    InvalidCharacters = "invalid_characters", "쓸 수 없는 문자가 있어요.", "It has characters that are not allowed.";
    /// Not of the expected form, such as a UUID.
    InvalidFormat = "invalid_format", "형식이 맞지 않아요.", "The format is not valid.";
    /// A password without a letter or without a digit.
    LetterAndDigit = "letter_and_digit_required", "영문자와 숫자를 하나 이상씩 넣어 주세요.", "At least one letter and one digit are needed.";
    /// The repetition differs from the original.
    Mismatch = "mismatch", "서로 달라요.", "The two values differ.";
    /// The password is the username.
    SameAsUsername = "same_as_username", "아이디와 같은 비밀번호는 쓸 수 없어요.", "It must differ from the username.";
    /// One of the passwords that everybody tries first.
    CommonPassword = "common_password", "너무 흔한 비밀번호예요.", "The password is among those that everybody tries first.";
    /// A file that is no picture that can be used.
    UnsupportedPicture = "unsupported_picture", "JPEG, PNG, WebP가 아니거나 손상된 사진이에요.", "It is not a picture in JPEG, PNG or WebP, or it is damaged.";
    /// A picture with more pixels than this many million.
    TooManyPixels(u32) = "too_many_pixels", "사진은 {}00만 화소까지 올릴 수 있어요.", "At most {} megapixels are allowed.";
    /// A picture that was not uploaded here.
    UnknownPicture = "unknown_picture", "여기에 올린 사진만 쓸 수 있어요.", "Only pictures that were uploaded here can be used.";
    /// Two parameters that exclude each other.
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
    fn every_problem_survives_being_written_and_read() {
        for problem in Problem::all(7) {
            assert_eq!(problem.to_string().parse(), Ok(problem));
        }
        assert_eq!("something else".parse::<Problem>(), Err(()));
        assert_eq!("something".parse::<Problem>(), Err(()));
    }

    #[test]
    fn a_sentence_says_the_bound_where_there_is_one() {
        for problem in Problem::all(7) {
            for language in [Language::Korean, Language::English] {
                let message = problem.message(language);
                assert!(!message.contains("{}"), "{message}");
                assert_eq!(message.contains('7'), problem.bound().is_some(), "{message}");
            }
        }
    }
}
