//! Usernames and passwords.

use std::fmt;

use serde::Deserialize;

use crate::{
    Problem,
    unicode::{is_visible, nfc, with_ascii_spaces},
};

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

/// The common passwords, one per line, in lower case, without those that the other rules reject
/// with and without one or two digits after them. The README names their sources.
const COMMON: &str = include_str!("common_passwords.txt");

/// The words that no password contains, because they are the first guess for an account here.
/// SECURITY.md lists them, and the username, which no password contains either.
const CONTEXT_WORDS: &[&str] = &["chatchat"];

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// The length from which a password needs no letter and no digit.
const LONG: usize = 15;

/// A password as a caller entered it to prove who it is: prepared for the comparison like a
/// [`Password`], but not checked, because the rules may have changed since it was set.
///
/// The preparation is that of the profile `OpaqueString` (RFC 8265, section 4.2): spaces of other
/// scripts become U+0020, and the text is normalised to NFC. So the password has the same hash
/// whether a keyboard composes Hangul (Windows) or decomposes it (some inputs of macOS). The
/// classes of characters that the profile disallows are accepted.
///
/// The type has no `Display` and no `Serialize`, and its `Debug` hides the password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct EnteredPassword(String);

impl EnteredPassword {
    /// Returns the password, only for hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether the password contains this text, ignoring case.
    pub fn contains(&self, text: &str) -> bool {
        self.0.to_lowercase().contains(&text.to_lowercase())
    }

    /// Returns whether the password, or what is left without its last digit or its last two digits,
    /// is common. Case and surrounding white space are ignored.
    fn is_common(&self) -> bool {
        let password = self.0.trim().to_lowercase();
        let shorter = password.strip_suffix(DIGITS);
        let shortest = shorter.and_then(|shorter| shorter.strip_suffix(DIGITS));
        COMMON.lines().any(|common| common == password || Some(common) == shorter || Some(common) == shortest)
    }
}

impl From<String> for EnteredPassword {
    fn from(text: String) -> Self {
        Self(nfc(with_ascii_spaces(text)))
    }
}

impl fmt::Debug for EnteredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnteredPassword(hidden)")
    }
}

/// A password that is allowed for an account: 8 to 64 characters, not trimmed, with at least one
/// ASCII letter and one digit or with 15 or more characters. Common passwords are rejected, also
/// with one or two digits after them, and those that contain the product's name.
///
/// An account's password also does not contain its username. The callers check this.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(EnteredPassword);

impl Password {
    /// Returns the password as it is compared and hashed.
    pub fn as_entered(&self) -> &EnteredPassword {
        &self.0
    }
}

impl From<Password> for EnteredPassword {
    fn from(password: Password) -> Self {
        password.0
    }
}

impl TryFrom<String> for Password {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        let password = EnteredPassword::from(text);
        let text = password.reveal();
        if text.contains('\0') {
            return Err(Problem::InvalidCharacters);
        }
        if !is_visible(text) {
            return Err(Problem::Required);
        }
        let length = text.chars().count();
        if length < 8 {
            return Err(Problem::TooShort(8));
        }
        if length > 64 {
            return Err(Problem::TooLong(64));
        }
        let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        if length < LONG && !(has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit)) {
            return Err(Problem::LetterAndDigit);
        }
        if CONTEXT_WORDS.iter().any(|word| password.contains(word)) {
            return Err(Problem::ContainsProductName);
        }
        if password.is_common() {
            return Err(Problem::CommonPassword);
        }
        Ok(Self(password))
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

    fn problem(text: &str) -> Option<Problem> {
        Password::try_from(text.to_owned()).err()
    }

    #[test]
    fn password_has_a_letter_and_a_digit_or_15_characters() {
        for text in [
            "haneul01",
            " 8 spaces ",
            "바다와 haneul 2026",
            "correct horse battery staple",
            "하늘과바다와산과강과들과별과달",
            "31415926535897932384",
            "!@#$%^&*()_+-=[",
            "👨‍👩‍👧 a1 b2",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
        for (text, expected) in [
            ("", Problem::Required),
            ("                ", Problem::Required),
            ("\u{3164}\u{200b}\u{3000}         ", Problem::Required),
            ("short1", Problem::TooShort(8)),
            (&"a1".repeat(33), Problem::TooLong(64)),
            ("onlyletters", Problem::LetterAndDigit),
            ("fourteen chars", Problem::LetterAndDigit),
            ("1234567890", Problem::LetterAndDigit),
            ("하늘과바다와산과강2026", Problem::LetterAndDigit),
            ("nul\0nul1", Problem::InvalidCharacters),
        ] {
            assert_eq!(problem(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn common_password_is_rejected_in_any_case() {
        for text in ["password1", "PassWord1", "qwer1234", "1q2w3e4r!", "tkfkdgo1004", "1234qwer"] {
            assert_eq!(problem(text), Some(Problem::CommonPassword), "{text}");
        }
        let rejected = |line: &str| problem(line) == Some(Problem::CommonPassword);
        assert!(COMMON.lines().count() > 20_000);
        // A line that another rule always rejects would be useless.
        for line in COMMON.lines().step_by(97) {
            assert!(
                rejected(line) || rejected(&format!("{line}1")) || rejected(&format!("{line}11")),
                "{line}"
            );
        }
    }

    #[test]
    fn common_password_is_rejected_with_one_or_two_digits_after_it() {
        for text in ["p@ssw0rd1", "P@ssw0rd26", "monkey12", "iloveyou7", "dkssudgktpdy1", "  password19  "] {
            assert_eq!(problem(text), Some(Problem::CommonPassword), "{text}");
        }
        for text in ["p@ssw0rd-7-", "7monkeys on 1 tree", "p@ssw0rd 2026!"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn password_does_not_contain_the_products_name() {
        for text in ["chatchat2026", "my ChatChat password", "1CHATCHAT"] {
            assert_eq!(problem(text), Some(Problem::ContainsProductName), "{text}");
        }
        assert_eq!(problem("chat chat 2026"), None);
    }

    #[test]
    fn forms_of_one_password_are_equal() {
        let entered = |text: &str| EnteredPassword::from(text.to_owned());
        let decomposed = "\u{1112}\u{1161}\u{1102}\u{1173}\u{11af}";
        assert_eq!(entered(&format!("{decomposed}\u{3000}haneul\u{a0}1")).reveal(), "하늘 haneul 1");
        let password = Password::try_from(format!("{decomposed} sky 1")).unwrap();
        assert_eq!(password.as_entered(), &entered("하늘 sky 1"));
        assert_eq!(problem(&format!("{decomposed}a1")), Some(Problem::TooShort(8)), "4 characters in NFC");
        // Case, full width and surrounding spaces are part of a password.
        for other in ["하늘 sky 1 ", "하늘 Sky 1", "하늘 ｓｋｙ 1"] {
            assert_ne!(password.as_entered(), &entered(other));
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let password = Password::try_from("secret-1234".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("secret"));
    }
}
