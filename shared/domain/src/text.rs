//! Texts that people write. They are trimmed, their length is counted in Unicode scalar values, and
//! NUL is rejected.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Problem;

/// Trims `text` and checks it.
///
/// Single-line texts reject control characters, line separators and byte order marks; texts with
/// several lines reject only NUL. A required text (`min` > 0) needs a visible character.
fn trimmed(text: &str, min: usize, max: usize, several_lines: bool) -> Result<String, Problem> {
    let text = text.trim();
    let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(|c| if several_lines { c == '\0' } else { breaks_line(c) }) {
        return Err(Problem::InvalidCharacters);
    }
    if min > 0 && text.chars().all(is_invisible) {
        return Err(Problem::Required);
    }
    if text.chars().count() > max {
        return Err(Problem::TooLong(u32::try_from(max).unwrap_or(u32::MAX)));
    }
    Ok(text.to_owned())
}

/// Returns whether a character is invisible: white space, a Hangul filler, or of zero width.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{200b}'
                ..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, several lines: $lines:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the trimmed text.
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
    /// The name of a customer or a company: 1 to 20 characters in one line.
    Name: 1 to 20, several lines: false;
    /// The description of a company: 0 to 200 characters in one line.
    Description: 0 to 200, several lines: false;
    /// A question of an FAQ: 1 to 60 characters in one line.
    Question: 1 to 60, several lines: false;
    /// An answer of an FAQ: 1 to 200 characters in one line.
    FaqAnswer: 1 to 200, several lines: false;
    /// A keyword to find in names: 0 to 100 characters. An empty keyword matches all names.
    Keyword: 0 to 100, several lines: false;
    /// The content of a message: 1 to 2,000 characters, not blank, newlines are allowed.
    MessageContent: 1 to 2000, several lines: true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<Name, Problem> {
        Name::try_from(text.to_owned())
    }

    #[test]
    fn texts_are_trimmed_before_counting() {
        assert_eq!(name("  김하늘\u{3000} ").unwrap().as_str(), "김하늘");
        assert_eq!(name(&format!(" {} ", "가".repeat(20))).unwrap().as_str().chars().count(), 20);
        assert_eq!(name(&"가".repeat(21)), Err(Problem::TooLong(20)));
        assert_eq!(name(" \t "), Err(Problem::Required));
    }

    #[test]
    fn characters_are_counted_as_scalar_values() {
        assert!(name(&"😀".repeat(20)).is_ok());
        assert!(MessageContent::try_from("한".repeat(2000)).is_ok());
        assert_eq!(MessageContent::try_from("한".repeat(2001)), Err(Problem::TooLong(2000)));
    }

    #[test]
    fn all_texts_reject_nul_and_single_lines_reject_newlines() {
        assert_eq!(name("a\0b"), Err(Problem::InvalidCharacters));
        assert_eq!(name("a\nb"), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from("a\0b".to_owned()), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from(" a\nb\t".to_owned()).unwrap().as_str(), "a\nb");
    }

    #[test]
    fn invisible_text_is_blank() {
        for text in ["\u{3164}", " \u{200b}\u{2060} ", "\u{115f}\u{1160}\u{ffa0}"] {
            assert_eq!(name(text), Err(Problem::Required), "{text:?}");
            assert_eq!(MessageContent::try_from(text.to_owned()), Err(Problem::Required), "{text:?}");
        }
        assert_eq!(MessageContent::try_from("\u{feff}".to_owned()), Err(Problem::Required));
        assert!(name("가\u{200d}나").is_ok());
        for text in ["a\u{2028}b", "a\u{2029}b", "\u{feff}a"] {
            assert_eq!(name(text), Err(Problem::InvalidCharacters), "{text:?}");
        }
    }

    #[test]
    fn description_may_be_empty() {
        assert_eq!(Description::try_from("  ".to_owned()).unwrap().as_str(), "");
    }
}
