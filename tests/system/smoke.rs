//! `cargo xtask smoke` against a system with faults.

use std::process::{Command, Output};

use chatchat_harness::{root, target};
use chatchat_local::{Fault, Point, Target};

use crate::{World, in_own_world, up::build};

async fn smoke(world: &World) -> Output {
    let url = world.client.url.clone();
    let run = move || {
        build();
        let mut command = Command::new(target().join("debug/xtask"));
        command.current_dir(root()).args(["smoke", "--url", &url]).output().unwrap()
    };
    // In a thread for blocking work, because the system runs in this runtime.
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn failing(function: &str) -> Fault {
    Fault::Kill { target: Target::function(function), at: Point::BeforeWork }
}

#[track_caller]
fn assert_succeeded(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("signed up, connected, sent, received"));
}

#[test]
fn smoke_test_waits_until_handshakes_are_answered() {
    in_own_world(async |world| {
        let refused = world.system.cloud.inject(Fault::Handshake, 1, 2);
        assert_succeeded(&smoke(world).await);
        assert_eq!(refused.happened(), 2);
    });
}

#[test]
fn smoke_test_tries_a_failed_conversation_once_more() {
    in_own_world(async |world| {
        let failed = world.system.cloud.inject(failing("OpenRoom"), 1, 1);
        let output = smoke(world).await;
        assert_succeeded(&output);
        assert_eq!(failed.happened(), 1);
        assert!(String::from_utf8_lossy(&output.stderr).contains("is tried once more"), "{output:?}");
    });
}

#[test]
fn smoke_test_fails_with_the_second_conversation_and_leaves_no_account() {
    in_own_world(async |world| {
        let failed = world.system.cloud.inject(failing("OpenRoom"), 1, u32::MAX);
        let output = smoke(world).await;
        assert!(!output.status.success());
        assert_eq!(failed.happened(), 2);
        let left = "select count(*) from accounts where withdrawn_at is null";
        assert_eq!(world.database().await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    });
}
