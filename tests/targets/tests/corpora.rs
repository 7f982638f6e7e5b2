//! The targets accept the files of their corpora, and the programs in `fuzz` are complete.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use chatchat_targets::{TARGETS, Target};

/// The maximum size of all corpora, in bytes.
const MAX_CORPORA: u64 = 100 * 1024;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Calls a target with the files of its corpus.
fn replay(name: &str) {
    let target: Target = TARGETS.iter().find(|(known, _)| *known == name).unwrap().1;
    let files = files(&fuzz().join("corpus").join(name));
    assert!(files.len() >= 3, "{} files", files.len());
    for file in files {
        println!("{}", file.display());
        target(&fs::read(file).unwrap());
    }
    target(b"");
}

#[test]
fn cookie_keeps_its_rules() {
    replay("cookie");
}

#[test]
fn cursor_keeps_its_rules() {
    replay("cursor");
}

#[test]
fn form_keeps_its_rules() {
    replay("form");
}

#[test]
fn frame_keeps_its_rules() {
    replay("frame");
}

#[test]
fn picture_keeps_its_rules() {
    replay("picture");
}

#[test]
fn token_keeps_its_rules() {
    replay("token");
}

#[test]
fn each_target_has_a_program_and_a_small_corpus() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        let files = files(&fuzz().join(folder)).into_iter();
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems("fuzz_targets"), names);
    assert_eq!(stems("corpus"), names);
    let manifest = toml(&fuzz().join("Cargo.toml"));
    let programs = manifest["bin"].as_array().unwrap().iter();
    let programs: BTreeSet<String> = programs.map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(programs, names);
    let corpora = names.iter().flat_map(|name| files(&fuzz().join("corpus").join(name)));
    let size: u64 = corpora.map(|file| file.metadata().unwrap().len()).sum();
    assert!(size <= MAX_CORPORA, "{size} bytes");
}

/// `fuzz` is a separate workspace with a separate lock file. Only packages of a registry have a
/// `source` there.
#[test]
fn programs_use_the_locked_versions_of_the_product() {
    let packages = |lock: &Path| -> BTreeSet<(String, String)> {
        let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
        let lock = toml(lock);
        let packages = lock["package"].as_array().unwrap().iter();
        packages
            .filter(|package| package.get("source").is_some())
            .map(|package| (text(package, "name"), text(package, "version")))
            .collect()
    };
    let product = packages(&fuzz().join("../Cargo.lock"));
    let only_for_fuzzing = ["arbitrary", "libfuzzer-sys"];
    let other: Vec<_> = packages(&fuzz().join("Cargo.lock"))
        .into_iter()
        .filter(|package| !only_for_fuzzing.contains(&package.0.as_str()) && !product.contains(package))
        .collect();
    assert!(
        other.is_empty(),
        "{other:?}; copy Cargo.lock to fuzz/Cargo.lock and run `cargo metadata --manifest-path fuzz/Cargo.toml`"
    );
}

fn toml(file: &Path) -> toml::Value {
    toml::Value::Table(fs::read_to_string(file).unwrap().parse().unwrap())
}
