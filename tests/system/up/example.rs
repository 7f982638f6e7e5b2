//! `cargo xtask up --example`: its output on the first and on the second start.

use std::{fs::File, process::Stdio};

use chatchat_harness::example;
use tempfile::NamedTempFile;

use super::{State, Up, free_port, xtask};

#[test]
fn each_start_with_the_example_prints_its_logins() {
    let port = free_port();
    let _state = State::of(port);
    let printed = || {
        let output = NamedTempFile::new().unwrap();
        let mut command = xtask(port);
        command.arg("--example").stderr(Stdio::from(File::create(output.path()).unwrap()));
        Up::start(port, command).stop("-INT");
        std::fs::read_to_string(output.path()).unwrap()
    };
    let logins = example::logins(&format!("http://localhost:{port}"));
    let (first, second) = (printed(), printed());
    for printed in [&first, &second] {
        assert!(printed.contains(&logins), "{printed}");
    }
    assert!(!first.contains("already") && second.contains("The example exists already"), "{first}\n{second}");
}
