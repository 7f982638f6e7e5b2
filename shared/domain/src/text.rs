//! Texts that people write. They are normalised to NFC and trimmed, and their length is counted in
//! Unicode scalar values.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    unicode::{is_plain_line, is_visible, nfc},
};

/// Normalises and trims `text` and checks it.
///
/// Single-line texts reject controls and characters that are invisible or change the direction of
/// the text; texts with several lines reject only NUL. A required text (`min` > 0) needs a visible
/// character.
fn normalised(text: String, min: usize, max: usize, several_lines: bool) -> Result<String, Problem> {
    let mut text = nfc(text);
    text.truncate(text.trim_end().len());
    text.drain(..text.len() - text.trim_start().len());
    if text.contains('\0') || !several_lines && !is_plain_line(&text) {
        return Err(Problem::InvalidCharacters);
    }
    if min > 0 && !is_visible(&text) {
        return Err(Problem::Required);
    }
    if text.chars().count() > max {
        return Err(Problem::TooLong(u32::try_from(max).unwrap_or(u32::MAX)));
    }
    Ok(text)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, several lines: $lines:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the text, trimmed and in NFC.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Problem;

            fn try_from(text: String) -> Result<Self, Problem> {
                normalised(text, $min, $max, $lines).map(Self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                text.to_owned().try_into()
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
    fn characters_are_counted_as_scalar_values_of_the_nfc() {
        assert!(name(&"😀".repeat(20)).is_ok());
        assert!(MessageContent::try_from("한".repeat(2000)).is_ok());
        assert_eq!(MessageContent::try_from("한".repeat(2001)), Err(Problem::TooLong(2000)));
        let decomposed = "\u{1112}\u{1161}\u{11ab}";
        assert_eq!(name(&decomposed.repeat(20)).unwrap().as_str(), "한".repeat(20));
        assert_eq!(name(&decomposed.repeat(21)), Err(Problem::TooLong(20)));
        // NFC decomposes this letter into two.
        assert_eq!(name(&"\u{958}".repeat(11)), Err(Problem::TooLong(20)));
    }

    #[test]
    fn all_texts_reject_nul_and_single_lines_reject_newlines() {
        assert_eq!(name("a\0b"), Err(Problem::InvalidCharacters));
        assert_eq!(name("a\nb"), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from("a\0b".to_owned()), Err(Problem::InvalidCharacters));
        assert_eq!(MessageContent::try_from(" a\nb\t".to_owned()).unwrap().as_str(), "a\nb");
    }

    #[test]
    fn single_lines_reject_hidden_characters_and_messages_accept_them() {
        for text in
            ["하늘\u{200b}은행", "\u{202e}행은늘하", "a\u{2028}b", "\u{feff}a", "가\u{200d}나", "\u{3164}"]
        {
            assert_eq!(name(text), Err(Problem::InvalidCharacters), "{text:?}");
            assert_eq!(text.parse::<Keyword>(), Err(Problem::InvalidCharacters), "{text:?}");
            let message = MessageContent::try_from(format!("네, {text}"));
            assert_eq!(message.unwrap().as_str(), format!("네, {text}"));
        }
        assert_eq!(name("👨‍👩‍👧 하늘네").unwrap().as_str(), "👨‍👩‍👧 하늘네");
    }

    #[test]
    fn message_needs_a_visible_character() {
        for text in
            ["", " \n\t", "\u{3164}", " \u{200b}\u{2060} ", "\u{115f}\n\u{ffa0}", "\u{feff}", "\u{2800}"]
        {
            assert_eq!(MessageContent::try_from(text.to_owned()), Err(Problem::Required), "{text:?}");
        }
    }

    #[test]
    fn description_may_be_empty() {
        assert_eq!(Description::try_from("  ".to_owned()).unwrap().as_str(), "");
    }
}
