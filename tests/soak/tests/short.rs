//! The short soak: every kind of fault happens at least once, and the delivery promise holds.
//!
//! It has its own test binary because it uses the whole machine, which would make other tests time
//! out.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic fails the test, and the report is worth reading"
)]

use std::sync::Mutex;

use chatchat_harness::build_functions;
use chatchat_soak::{self as soak, FaultSelection, Length, Plan};

/// One soak at a time.
static MACHINE: Mutex<()> = Mutex::new(());

fn short_soak(seed: u64) {
    let alone = MACHINE.lock();
    let report = tokio::runtime::Runtime::new().unwrap().block_on(async {
        build_functions().unwrap();
        let system = soak::system(None).await.unwrap();
        let plan = Plan {
            rooms: 10,
            length: Length::Messages(2000),
            seed,
            faults: FaultSelection::All,
            rate: 60.0,
            library_clients: 50,
        };
        let report = soak::run(&system, &plan, |_| {}).await.unwrap();
        system.stop().await;
        report
    });
    drop(alone);
    println!("seed {seed}\n{report}");
    assert_eq!(report.broken(), None, "\n{report}");
    assert!(report.acknowledged >= 2000);
    assert!(report.recovered > 0, "no message had to be sent again");
}

#[test]
fn two_thousand_messages_survive_every_fault_with_seed_7() {
    short_soak(7);
}

#[test]
fn two_thousand_messages_survive_every_fault_with_seed_11() {
    short_soak(11);
}
