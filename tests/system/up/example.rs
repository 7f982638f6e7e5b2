//! `cargo xtask up --example`: its output on the first and on the second start.

use chatchat_harness::{example, free_port};

use super::{State, Up, xtask};

#[test]
fn each_start_with_the_example_prints_its_logins() {
    let port = free_port().unwrap();
    let _state = State::of(port);
    let printed = || {
        let mut command = xtask(port);
        command.arg("--example");
        Up::start(port, command).stop("-INT")
    };
    let logins = example::logins(&format!("http://localhost:{port}"));
    let (first, second) = (printed(), printed());
    for printed in [&first, &second] {
        assert!(printed.contains(&logins), "{printed}");
    }
    assert!(!first.contains("already") && second.contains("The example exists already"), "{first}\n{second}");
}
