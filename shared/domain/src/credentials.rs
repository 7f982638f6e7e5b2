//! Usernames and passwords.

use std::fmt;

use serde::Deserialize;

use crate::Problem;

/// A username: 6 to 20 ASCII letters and digits. It is unique among customers and companies
/// together, ignoring case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Username(String);

impl Username {
    /// Returns the username in its original case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Username {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::Required);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Problem::InvalidCharacters);
        }
        match text.len() {
            0..6 => Err(Problem::TooShort(6)),
            6..=20 => Ok(Self(text.to_owned())),
            _ => Err(Problem::TooLong(20)),
        }
    }
}

/// The common passwords, one per line, without those that the other rules reject. The README names
/// their sources.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password: 8 to 64 characters, not trimmed, with at least one ASCII letter and one digit.
/// Common passwords are rejected.
///
/// The type has no `Display` and no `Serialize`, and its `Debug` hides the password.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

impl Password {
    /// Returns the password, only for hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl TryFrom<String> for Password {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Required);
        }
        if text.contains('\0') {
            return Err(Problem::InvalidCharacters);
        }
        let length = text.chars().count();
        if length < 8 {
            return Err(Problem::TooShort(8));
        }
        if length > 64 {
            return Err(Problem::TooLong(64));
        }
        let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        if !has(u8::is_ascii_alphabetic) || !has(u8::is_ascii_digit) {
            return Err(Problem::LetterAndDigit);
        }
        if COMMON.lines().any(|common| common.eq_ignore_ascii_case(&text)) {
            return Err(Problem::CommonPassword);
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_has_6_to_20_letters_and_digits() {
        let username = |text: &str| Username::try_from(text.to_owned());
        assert_eq!(username(" Haneul01 ").unwrap().as_str(), "Haneul01");
        assert_eq!(username("abc12"), Err(Problem::TooShort(6)));
        assert_eq!(username(&"a".repeat(21)), Err(Problem::TooLong(20)));
        for text in ["한글이름입니다", "with space", "dash-ed", "nul\0nul", "ＡＢＣＤＥＦ"] {
            assert_eq!(username(text), Err(Problem::InvalidCharacters), "{text:?}");
        }
    }

    #[test]
    fn password_has_8_to_64_characters_with_a_letter_and_a_digit() {
        let problem = |text: &str| Password::try_from(text.to_owned()).err();
        assert_eq!(problem("haneul01"), None);
        assert_eq!(problem(" 8 spaces "), None);
        assert_eq!(problem("short1"), Some(Problem::TooShort(8)));
        assert_eq!(problem(&"a1".repeat(33)), Some(Problem::TooLong(64)));
        assert_eq!(problem("onlyletters"), Some(Problem::LetterAndDigit));
        assert_eq!(problem("1234567890"), Some(Problem::LetterAndDigit));
        assert_eq!(problem("nul\0nul1"), Some(Problem::InvalidCharacters));
        assert_eq!(problem(""), Some(Problem::Required));
    }

    #[test]
    fn common_password_is_rejected_in_any_case() {
        let problem = |text: &str| Password::try_from(text.to_owned()).err();
        for text in ["password1", "PassWord1", "qwer1234", "1q2w3e4r!", "tkfkdgo1004", "1234qwer"] {
            assert_eq!(problem(text), Some(Problem::CommonPassword), "{text}");
        }
        assert!(COMMON.lines().count() > 3000);
        // A line that another rule rejects would be useless.
        assert!(COMMON.lines().step_by(97).all(|line| problem(line) == Some(Problem::CommonPassword)));
    }

    #[test]
    fn debug_hides_the_password() {
        let password = Password::try_from("secret1234".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("secret"));
    }
}
