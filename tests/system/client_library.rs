//! The client library in Node, against the functions.

use chatchat_harness::npm_run;

use crate::{in_own_world, npm_succeeds};

#[test]
fn client_library_delivers_once_over_a_failing_network() {
    in_own_world(async |world| {
        let mut npm = npm_run("test:local").unwrap();
        npm.env("CHATCHAT_URL", format!("{}/api", world.client.url));
        npm_succeeds(npm).await;
    });
}
