//! The short soak: everything that can go wrong does, at least once, and no promise of delivery is broken.
//!
//! A program of its own, so that it and the other tests do not starve each other: it takes all of the machine that it can get.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says so by failing, and what came of it is worth reading"
)]

use std::sync::Mutex;

use chatchat_tests::{
    build_functions,
    soak::{self, Chosen, Length, Plan},
};

/// One soak at a time.
static MACHINE: Mutex<()> = Mutex::new(());

fn short_soak(seed: u64) {
    let alone = MACHINE.lock();
    let report = tokio::runtime::Runtime::new().unwrap().block_on(async {
        build_functions().unwrap();
        let system = soak::system(None).await.unwrap();
        let plan = Plan { rooms: 10, length: Length::Messages(2000), seed, faults: Chosen::All, rate: 60.0 };
        let report = soak::run(&system, &plan, |_| {}).await.unwrap();
        system.stop().await;
        report
    });
    drop(alone);
    println!("seed {seed}\n{report}");
    assert_eq!(report.broken(), None, "\n{report}");
    assert!(report.acknowledged >= 2000);
    assert!(report.recovered > 0, "some were sent again");
}

#[test]
fn two_thousand_messages_survive_every_fault_with_one_seed() {
    short_soak(7);
}

#[test]
fn two_thousand_messages_survive_every_fault_with_another() {
    short_soak(11);
}
