//! The 27 faults, and a test that each fault has a test.

use std::{collections::BTreeSet, env, process::Command};

/// The faults, numbered from 1. The tests of a fault have its number in their names, such as
/// `fault_04_duplicate_frame_takes_effect_once`.
const FAULTS: [&str; 27] = [
    "a client disconnects before its send reaches the function",
    "a client disconnects after its send, before the ack",
    "a client disconnects during a resync",
    "the same frame arrives twice",
    "pushes arrive in another order",
    "a push is lost while its client is connected",
    "`$disconnect` is never delivered",
    "`@connections` answers 410",
    "`@connections` answers 429",
    "`@connections` answers 5xx or hangs",
    "half of the pushes of a fan-out fail",
    "a function is killed before the commit",
    "a function is killed after the commit, before the ack",
    "a function is killed during the fan-out",
    "an event is delivered twice",
    "an event is malformed",
    "the database restarts",
    "the database becomes read-only (25006)",
    "a backend is terminated during a transaction",
    "the database has no free connection",
    "a deadlock or a serialization failure",
    "the database's password is rotated while functions are warm",
    "a client's clock is 5 minutes off, both ways",
    "object storage fails during an upload",
    "the database's connections go silent",
    "a function is inactive",
    "the account already runs as many calls as its limit allows",
];

/// The number in the name of a test such as `faults::client::fault_04_…`.
fn number(test: &str) -> Option<usize> {
    test.rsplit("::").next()?.strip_prefix("fault_")?.get(..2)?.parse().ok()
}

#[test]
fn each_fault_has_a_test_and_each_test_here_has_a_fault() {
    let listed =
        Command::new(env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tests: Vec<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let tested: BTreeSet<usize> = tests.iter().filter_map(|test| number(test)).collect();
    for (number, fault) in (1..).zip(FAULTS) {
        assert!(tested.contains(&number), "no test is named `fault_{number:02}_…`: {fault}");
    }
    let has_fault = |test: &str| number(test).is_some_and(|number| (1..=FAULTS.len()).contains(&number));
    let belongs_here = |test: &str| {
        (test.starts_with("faults::") && !test.starts_with("faults::table::")) || test.contains("::fault_")
    };
    let others: Vec<_> = tests.iter().filter(|test| belongs_here(test) && !has_fault(test)).collect();
    assert!(others.is_empty(), "tests without the number of a fault: {others:#?}");
}
