//! No crate has a dependency cycle between its files.
//!
//! A file depends on another file of its crate if one of these names an item there:
//!
//! - a `use` or another path, also in the arguments of a macro. A path through a re-export (`pub
//!   use`) leads to the file that defines the item. A path to a module leads to the file of that
//!   module.
//! - a call of a method of `Self` (`self.method()`, `Self::method`) that an `impl` block in the
//!   other file defines.
//!
//! These are not dependencies: `mod name;`, a re-export itself, and everything below
//! `#[cfg(test)]`. So a parent and its child are a cycle only if each one uses an item of the other
//! one's file.
//!
//! A method call on another value than `self` is not seen, because that needs types. The file of
//! the value's type usually appears in a path.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cycles;
mod dependencies;
mod named_tests;
mod source;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use chatchat_harness::root;
use serde_json::Value;

use dependencies::Dependencies;

/// The dependencies between the files of each target in the workspace. Paths are relative to the
/// root.
fn workspace() -> Vec<Dependencies> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
    let found: Vec<Dependencies> = targets
        .map(|target| {
            let file = PathBuf::from(target["src_path"].as_str().unwrap());
            dependencies_of(file.strip_prefix(root()).unwrap(), &|path: &Path| {
                std::fs::read_to_string(root().join(path)).ok()
            })
        })
        .collect();
    assert!(found.len() > 20, "{} targets", found.len());
    found
}

fn dependencies_of(root_file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Dependencies {
    dependencies::find(&source::read_crate(root_file, read))
}

#[test]
fn no_crate_has_a_cycle_between_its_files() {
    let found: Vec<String> = workspace().iter().flat_map(cycles::describe).collect();
    assert!(found.is_empty(), "files depend on each other in a cycle:\n{}", found.join("\n"));
}

/// The cycles of a crate whose files are given.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| (*text).to_owned())
    };
    cycles::describe(&dependencies_of(Path::new("lib.rs"), &read))
}

#[test]
fn files_that_use_each_other_are_a_cycle() {
    let found = cycles_of(&[
        ("lib.rs", "mod pool; mod process;"),
        ("pool.rs", "use super::process; fn start() { process::run() }"),
        ("process.rs", "use crate::pool::Pool; pub fn run() {}"),
    ]);
    assert_eq!(found, ["pool.rs -> process.rs (process) -> pool.rs (Pool)"]);
}

#[test]
fn each_kind_of_dependency_is_seen() {
    let b_uses_a = "use crate::a::A; pub struct B; pub fn f() {}";
    for a in [
        "use crate::b::B; pub struct A;",
        "use super::b; pub struct A(b::B);",
        "pub struct A(crate::b::B);",
        "pub struct A; fn f() { super::b::f() }",
        r#"pub struct A; fn f() { println!("{}", crate::b::f()) }"#,
        "pub struct A; mod inner { use super::super::b::B; }",
        "use crate::B; pub struct A;",
        "use crate::{b::{self, B as Other}}; pub struct A;",
    ] {
        let found = cycles_of(&[("lib.rs", "mod a; mod b; pub use b::B;"), ("a.rs", a), ("b.rs", b_uses_a)]);
        assert_eq!(found.len(), 1, "{a}");
    }
}

#[test]
fn method_of_self_in_another_file_is_a_dependency() {
    let found = cycles_of(&[
        ("lib.rs", "mod api; mod session;"),
        ("api.rs", "pub struct Api; impl Api { fn start(&self) { self.session() } }"),
        ("session.rs", "use crate::api::Api; impl Api { pub fn session(&self) {} }"),
    ]);
    assert_eq!(found, ["api.rs -> session.rs (Api::session) -> api.rs (Api)"]);
}

#[test]
fn parent_and_child_that_use_each_other_are_a_cycle() {
    let child = ("shop/till.rs", "use super::Shop; pub struct Till;");
    let found = cycles_of(&[
        ("lib.rs", "mod shop;"),
        ("shop/mod.rs", "mod till; use till::Till; pub struct Shop;"),
        child,
    ]);
    assert_eq!(found.len(), 1);
    let re_exported = "mod till; pub use till::Till; pub struct Shop;";
    assert!(cycles_of(&[("lib.rs", "mod shop;"), ("shop/mod.rs", re_exported), child]).is_empty());
}

#[test]
fn tests_and_re_exports_are_no_dependencies() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*; pub const N: u8 = 1;"),
        ("a.rs", "use crate::N; pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "use crate::A; pub struct B;"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}
