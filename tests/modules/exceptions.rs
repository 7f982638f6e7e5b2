//! Dependencies that may be part of a cycle.

use std::path::Path;

use crate::{cycles::reachable, dependencies::Dependencies};

/// The dependencies of the files whose paths begin with `from` on the files whose paths begin with
/// `to`.
pub struct Exception {
    pub from: &'static str,
    pub to: &'static str,
    pub reason: &'static str,
}

pub const EXCEPTIONS: &[Exception] = &[Exception {
    from: "tests/soak/src/",
    to: "tests/soak/src/",
    reason: "the clients, their faults and their reports are written against each other's types",
}];

impl Exception {
    fn covers(&self, from: &Path, to: &Path) -> bool {
        let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
        from.starts_with(self.from) && to.starts_with(self.to)
    }

    /// Whether a dependency that the exception covers is part of a cycle.
    pub fn is_needed(&self, dependencies: &Dependencies) -> bool {
        let mut covered = dependencies
            .iter()
            .flat_map(|(from, uses)| uses.keys().map(move |to| (from, to)))
            .filter(|(from, to)| self.covers(from, to));
        covered.any(|(from, to)| reachable(dependencies, to).contains(from))
    }
}

/// Removes the dependencies that an exception covers.
pub fn remove_exceptions(dependencies: &mut Dependencies) {
    for (from, uses) in dependencies {
        uses.retain(|to, _| !EXCEPTIONS.iter().any(|exception| exception.covers(from, to)));
    }
}
