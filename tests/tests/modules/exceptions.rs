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

pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        from: "shared/store/src/accounts.rs",
        to: "shared/store/src/sessions.rs",
        reason: "a changed password ends the account's sessions, and a session shows its account",
    },
    Exception {
        from: "tests/src/example/conversations.rs",
        to: "tests/src/example/bakery.rs",
        reason: "the list of conversations includes the long one, which is made of the same turns",
    },
    Exception {
        from: "tests/src/soak/",
        to: "tests/src/soak/",
        reason: "the clients, their faults and their reports are written against each other's types",
    },
    Exception {
        from: "tests/tests/system/contract/document.rs",
        to: "tests/tests/system/contract/mod.rs",
        reason: "a document is read into the contract's `Operation`",
    },
    Exception {
        from: "tests/tests/system/matrix/requests.rs",
        to: "tests/tests/system/matrix/stage.rs",
        reason: "a request names what is on the stage, and the stage records the requests",
    },
    Exception {
        from: "xtask/src/",
        to: "xtask/src/main.rs",
        reason: "the commands use the functions of the main file that run programs",
    },
    Exception {
        from: "xtask/src/bench/",
        to: "xtask/src/bench/mod.rs",
        reason: "the measurements use the parent's functions for times",
    },
];

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
