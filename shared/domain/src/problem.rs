//! Why a field was refused: stable codes for programs, sentences for people.

use std::{fmt, str::FromStr};

use crate::Language;

/// What is wrong with one value. `Display` and `FromStr` are exact inverses, so that a problem survives the way
/// through serde, whose errors carry nothing but text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The field is missing, empty or blank.
    Required,
    /// Another JSON type was expected.
    WrongType,
    /// Fewer characters than this.
    TooShort(u32),
    /// More characters (or list entries) than this.
    TooLong(u32),
    /// A number outside its bounds.
    OutOfRange,
    /// A character that this field doesn't take: NUL, a control character, punctuation in a username.
    InvalidCharacters,
    /// Not of the expected form, such as a UUID.
    InvalidFormat,
    /// A password without a letter or without a digit.
    LetterAndDigit,
    /// The repetition differs from the original.
    Mismatch,
    /// The password is the username.
    SameAsUsername,
    /// One of the passwords that everybody tries first.
    CommonPassword,
    /// A file that is no picture that can be used.
    UnsupportedPicture,
    /// A picture with more pixels than this many million.
    TooManyPixels(u32),
    /// A picture that was not uploaded here.
    UnknownPicture,
    /// Two parameters that exclude each other.
    Conflict,
}

impl Problem {
    /// The stable code, as it stands in `fields[].code` of an answer.
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::WrongType => "wrong_type",
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::OutOfRange => "out_of_range",
            Self::InvalidCharacters => "invalid_characters",
            Self::InvalidFormat => "invalid_format",
            Self::LetterAndDigit => "letter_and_digit_required",
            Self::Mismatch => "mismatch",
            Self::SameAsUsername => "same_as_username",
            Self::CommonPassword => "common_password",
            Self::UnsupportedPicture => "unsupported_picture",
            Self::TooManyPixels(_) => "too_many_pixels",
            Self::UnknownPicture => "unknown_picture",
            Self::Conflict => "conflict",
        }
    }

    /// The sentence for a person.
    pub fn message(self, language: Language) -> String {
        let (korean, english) = match self {
            Self::Required => ("필수 항목입니다.".into(), "This is required.".into()),
            Self::WrongType => {
                ("값의 형식이 올바르지 않습니다.".into(), "The value is of the wrong type.".into())
            }
            Self::TooShort(min) => {
                (format!("{min}자 이상이어야 합니다."), format!("At least {min} are needed."))
            }
            Self::TooLong(max) => {
                (format!("최대 {max}까지 쓸 수 있습니다."), format!("At most {max} are allowed."))
            }
            Self::OutOfRange => ("허용 범위를 벗어난 값입니다.".into(), "The value is out of range.".into()),
            Self::InvalidCharacters => {
                ("사용할 수 없는 문자가 있습니다.".into(), "It has characters that are not allowed.".into())
            }
            Self::InvalidFormat => ("형식이 올바르지 않습니다.".into(), "The format is not valid.".into()),
            Self::LetterAndDigit => (
                "영문자와 숫자를 각각 하나 이상 포함해야 합니다.".into(),
                "At least one letter and one digit are needed.".into(),
            ),
            Self::Mismatch => ("서로 일치하지 않습니다.".into(), "The two values differ.".into()),
            Self::CommonPassword => (
                "너무 흔한 비밀번호입니다.".into(),
                "The password is among those that everybody tries first.".into(),
            ),
            Self::SameAsUsername => (
                "아이디와 같은 비밀번호는 쓸 수 없습니다.".into(),
                "It must differ from the username.".into(),
            ),
            Self::UnsupportedPicture => (
                "JPEG, PNG, WebP 사진만 올릴 수 있습니다.".into(),
                "Only pictures in JPEG, PNG or WebP can be uploaded.".into(),
            ),
            Self::TooManyPixels(millions) => (
                format!("사진은 최대 {millions}00만 화소까지 올릴 수 있습니다."),
                format!("At most {millions} megapixels are allowed."),
            ),
            Self::UnknownPicture => (
                "여기에 올린 사진만 쓸 수 있습니다.".into(),
                "Only pictures that were uploaded here can be used.".into(),
            ),
            Self::Conflict => ("함께 쓸 수 없는 값입니다.".into(), "These cannot be used together.".into()),
        };
        match language {
            Language::Korean => korean,
            Language::English => english,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::TooShort(bound) | Self::TooLong(bound) | Self::TooManyPixels(bound) => {
                write!(f, " {bound}")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl FromStr for Problem {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (code, bound) =
            text.split_once(' ').map_or((text, None), |(code, bound)| (code, bound.parse().ok()));
        let all = [
            Self::Required,
            Self::WrongType,
            Self::TooShort(bound.unwrap_or_default()),
            Self::TooLong(bound.unwrap_or_default()),
            Self::OutOfRange,
            Self::InvalidCharacters,
            Self::InvalidFormat,
            Self::LetterAndDigit,
            Self::Mismatch,
            Self::SameAsUsername,
            Self::CommonPassword,
            Self::UnsupportedPicture,
            Self::TooManyPixels(bound.unwrap_or_default()),
            Self::UnknownPicture,
            Self::Conflict,
        ];
        all.into_iter().find(|problem| problem.code() == code).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_survives_being_written_and_read() {
        for problem in [
            Problem::TooShort(6),
            Problem::TooLong(20),
            Problem::TooManyPixels(25),
            Problem::Required,
            Problem::UnknownPicture,
        ] {
            assert_eq!(problem.to_string().parse(), Ok(problem));
        }
        assert_eq!("something else".parse::<Problem>(), Err(()));
    }
}
