//! `cargo xtask up` where npm is not installed.

use std::{env, fs, os::unix::fs::symlink};

use chatchat_harness::{Client, free_port};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::{State, Up, xtask};
use crate::block_on;

/// A folder with links to all programs of `PATH` except npm.
fn programs_without_npm() -> TempDir {
    let folder = TempDir::new().unwrap();
    for place in env::split_paths(&env::var_os("PATH").unwrap()) {
        for program in fs::read_dir(place).into_iter().flatten().flatten() {
            if program.file_name() != "npm" {
                // The first program of a name is the one that a shell runs. A second link fails.
                _ = symlink(program.path(), folder.path().join(program.file_name()));
            }
        }
    }
    folder
}

#[test]
fn without_npm_up_reports_it_and_serves_the_api() {
    let port = free_port().unwrap();
    let _state = State::of(port);
    let programs = programs_without_npm();
    let mut command = xtask(port);
    command.env("PATH", programs.path());
    let up = Up::start(port, command);
    let client = Client::new(&format!("http://localhost:{port}")).unwrap();
    block_on(async || {
        let health = client.call(Method::GET, "/health", None, &Value::Null).await.unwrap();
        assert_eq!(health.status, 200);
        for page in ["/", "/desk"] {
            let answer = client.page(page).await.unwrap();
            assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        }
    });
    let printed = up.stop("-INT");
    let lines: Vec<_> = printed.lines().filter(|line| line.starts_with("npm is not installed")).collect();
    assert_eq!(lines.len(), 1, "{printed}");
    assert!(lines[0].contains("Install Node"), "{lines:?}");
}
