//! Texts that people type: trimmed at both ends, counted in Unicode scalar values, without NUL.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Problem;

/// Trims `text` and checks it against its bounds. A single line has no control characters at all; a text of several
/// lines refuses NUL alone.
fn trimmed(text: &str, min: usize, max: usize, several_lines: bool) -> Result<String, Problem> {
    let text = text.trim();
    let refused = |c: char| if several_lines { c == '\0' } else { c.is_control() };
    if text.contains(refused) {
        return Err(Problem::InvalidCharacters);
    }
    let length = text.chars().count();
    if length < min {
        return Err(Problem::Required);
    }
    if length > max {
        return Err(Problem::TooLong(u32::try_from(max).unwrap_or(u32::MAX)));
    }
    Ok(text.to_owned())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, several lines: $lines:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text, trimmed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Problem;

            fn try_from(text: String) -> Result<Self, Problem> {
                trimmed(&text, $min, $max, $lines).map(Self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                trimmed(text, $min, $max, $lines).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// The name of a person or a company: 1 to 20 characters on one line.
    Name: 1 to 20, several lines: false;
    /// What a company says of itself: 0 to 200 characters on one line.
    Description: 0 to 200, several lines: false;
    /// What the FAQ answers: 1 to 60 characters on one line.
    Question: 1 to 60, several lines: false;
    /// The FAQ's answer: 1 to 200 characters on one line.
    FaqAnswer: 1 to 200, several lines: false;
    /// What to look for in company names: 0 to 100 characters; empty finds all.
    Keyword: 0 to 100, several lines: false;
    /// What a person says: 1 to 2,000 characters, may have newlines, not blank.
    MessageContent: 1 to 2000, several lines: true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<Name, Problem> {
        Name::try_from(text.to_owned())
    }

    #[test]
    fn texts_are_trimmed_before_they_are_counted() {
        assert_eq!(name("  김하늘\u{3000} ").unwrap().as_str(), "김하늘");
        assert_eq!(name(&format!(" {} ", "가".repeat(20))).unwrap().as_str().chars().count(), 20);
        assert_eq!(name(&"가".repeat(21)), Err(Problem::TooLong(20)));
        assert_eq!(name(" \t "), Err(Problem::Required));
    }

    #[test]
    fn characters_are_scalar_values_not_bytes() {
        assert!(name(&"😀".repeat(20)).is_ok());
        assert!(MessageContent::try_from("한".repeat(2000)).is_ok());
        assert_eq!(MessageContent::try_from("한".repeat(2001)), Err(Problem::TooLong(2000)));
    }

    #[test]
    fn nul_is_refused_everywhere_and_newlines_on_a_single_line() {
        assert_eq!(name("a\0b"), Err(Problem::InvalidCharacters));
        assert_eq!(name("a\nb"), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from("a\0b".to_owned()), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from(" a\nb\t".to_owned()).unwrap().as_str(), "a\nb");
    }

    #[test]
    fn an_empty_description_is_a_description() {
        assert_eq!(Description::try_from("  ".to_owned()).unwrap().as_str(), "");
    }
}
