//! The client library against the functions, from Node.

use std::process::Command;

use chatchat_tests::root;

use crate::in_own_world;

#[test]
fn the_client_library_loses_and_doubles_nothing_over_a_network_that_fails() {
    let folder = root().join("web/client");
    assert!(
        folder.join("node_modules").is_dir(),
        "`npm ci` in {} first; `cargo xtask test` does it",
        folder.display()
    );
    in_own_world(async |world| {
        let mut npm = Command::new("npm");
        npm.current_dir(folder).args(["run", "--silent", "test:local"]);
        npm.env("CHATCHAT_URL", format!("{}/api", world.system.cloud.url()));
        // Waited for on a thread of its own: the system runs in this one's runtime.
        let ran = tokio::task::spawn_blocking(move || npm.output()).await.unwrap().unwrap();
        let printed = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(ran.status.success(), "{}", printed.concat());
    });
}
