//! The client library against the functions, from Node.

use std::process::Command;

use chatchat_tests::root;

use crate::in_own_world;

#[test]
fn client_library_delivers_everything_once_over_a_failing_network() {
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
        // On another thread, because the system runs in the runtime of this one.
        let ran = tokio::task::spawn_blocking(move || npm.output()).await.unwrap().unwrap();
        let printed = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(ran.status.success(), "{}", printed.concat());
    });
}
