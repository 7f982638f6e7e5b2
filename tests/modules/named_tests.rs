//! SECURITY.md names a test for each attack. These tests exist.

use std::fs;

use chatchat_harness::root;

#[test]
fn tests_that_security_md_names_exist() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let names = document.split('`').filter_map(|code| code.split_once(".rs::"));
    let mut count = 0;
    for (file, test) in names {
        let folders = ["tests/", "functions/", "xtask/"];
        let folder = if folders.iter().any(|folder| file.starts_with(folder)) { "" } else { "tests/system/" };
        let path = format!("{folder}{file}.rs");
        let source = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(source.contains(&format!("fn {test}()")), "{path} has no test {test}");
        count += 1;
    }
    assert!(count >= 50, "only {count} tests were found in SECURITY.md");
}
