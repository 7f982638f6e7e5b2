//! The values that an operator fills in for the terms and the privacy notice.

use std::{collections::BTreeMap, fs};

use chatchat_harness::{Failure, root};

const FILE: &str = "docs/legal/operator.json";

/// Prints a warning if the terms and the privacy notice have empty values.
pub(super) fn warn_about_empty_values() -> Result<(), Failure> {
    let empty = empty_values(&fs::read_to_string(root().join(FILE))?)?;
    if !empty.is_empty() {
        eprintln!(
            "warning: the pages show terms and a privacy notice without {}; fill in {FILE} before users sign up",
            empty.join(", ")
        );
    }
    Ok(())
}

/// Returns the names of the empty values, of all languages.
fn empty_values(file: &str) -> Result<Vec<String>, Failure> {
    let languages: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(file)?;
    let values = languages.into_values().flatten();
    Ok(values.filter(|(_, value)| value.trim().is_empty()).map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::empty_values;

    #[test]
    fn empty_values_of_all_languages_are_found() {
        let file = r#"{ "ko": { "대표자": " ", "이메일": "ops@example.com" }, "en": { "e-mail": "" } }"#;
        assert_eq!(empty_values(file).unwrap(), ["e-mail", "대표자"]);
        let filled = r#"{ "ko": { "이메일": "ops@example.com" }, "en": { "e-mail": "ops@example.com" } }"#;
        assert!(empty_values(filled).unwrap().is_empty());
    }

    #[test]
    fn file_of_the_repository_can_be_read() {
        super::warn_about_empty_values().unwrap();
    }
}
