//! Cycles in the dependencies of files.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    fmt::Write,
    path::{Path, PathBuf},
};

use crate::dependencies::Dependencies;

/// Describes one shortest cycle for each group of files that depend on each other.
pub fn describe(dependencies: &Dependencies) -> Vec<String> {
    let mut described = BTreeSet::new();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    for file in dependencies.keys() {
        let from_here = reachable(dependencies, file);
        if seen.contains(file) || !from_here.contains(file) {
            continue;
        }
        let group: HashSet<PathBuf> =
            from_here.into_iter().filter(|other| reachable(dependencies, other).contains(file)).collect();
        let mut text = shortest(dependencies, file);
        if group.len() > text.matches(" -> ").count() {
            let mut files: Vec<String> = group.iter().map(|file| file.display().to_string()).collect();
            files.sort();
            _ = write!(text, "; all {} files of the cycle: {}", files.len(), files.join(", "));
        }
        described.insert(text);
        seen.extend(group);
    }
    described.into_iter().collect()
}

/// Returns the files on which a file depends, directly or indirectly.
fn reachable(dependencies: &Dependencies, file: &Path) -> HashSet<PathBuf> {
    let mut found = HashSet::new();
    let mut waiting = vec![file.to_owned()];
    while let Some(file) = waiting.pop() {
        for other in dependencies.get(&file).into_iter().flat_map(|uses| uses.keys()) {
            if found.insert(other.clone()) {
                waiting.push(other.clone());
            }
        }
    }
    found
}

/// Describes a shortest path from a file back to itself, with the reason for each step.
fn shortest(dependencies: &Dependencies, start: &Path) -> String {
    let mut waiting = VecDeque::from([(start.to_owned(), start.display().to_string())]);
    let mut seen = HashSet::new();
    while let Some((file, text)) = waiting.pop_front() {
        for (other, reason) in dependencies.get(&file).into_iter().flatten() {
            let text = format!("{text} -> {} ({reason})", other.display());
            if other == start {
                return text;
            }
            if seen.insert(other.clone()) {
                waiting.push_back((other.clone(), text));
            }
        }
    }
    String::new()
}
