//! `cargo xtask notes`: the changelog's section for a release.

use std::fs;

use chatchat_harness::{Failure, root};

use crate::failure;

/// Prints the changelog's section for a tag such as `v0.1.0`. Fails if the tag is not the version
/// in Cargo.toml.
pub fn notes(tag: &str) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if tag.strip_prefix('v') != Some(version) {
        return Err(failure(format!("the tag {tag} is not the version in Cargo.toml, v{version}")));
    }
    let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
    let section = section(&changelog, version).ok_or_else(|| {
        failure(format!("CHANGELOG.md has no section `## {version} (date)`, or the section is empty"))
    })?;
    println!("{section}");
    Ok(())
}

/// Returns the text below a version's heading, up to the next heading of that level.
fn section<'a>(changelog: &'a str, version: &str) -> Option<&'a str> {
    let heading = format!("\n## {version} (");
    let (_, from) = changelog.split_once(&heading)?;
    let (_, text) = from.split_once('\n')?;
    let text = text.split_once("\n## ").map_or(text, |(text, _)| text).trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::section;

    const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2027-01-05)\n\n### Added\n\n- Rooms.\n\n## 0.1.0 (2026-12-01)\n\nThe first.\n";

    #[test]
    fn section_is_the_text_below_the_heading() {
        assert_eq!(section(CHANGELOG, "0.2.0"), Some("### Added\n\n- Rooms."));
        assert_eq!(section(CHANGELOG, "0.1.0"), Some("The first."));
        assert_eq!(section(CHANGELOG, "0.3.0"), None);
    }
}
