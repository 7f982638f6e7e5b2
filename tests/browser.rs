//! The tests of the pages: Playwright runs `web/e2e` in Chromium.
//!
//! They have a separate test binary because cargo runs one binary at a time. Some of these tests
//! measure times and frame rates, which other tests would disturb.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "these statements do not go through a pooler")]

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{Write, stderr},
    path::Path,
    process::Command,
    sync::Mutex,
};

use chatchat_harness::{
    Client, Person, System, SystemOptions, build_functions, build_pages, npm_run, pages, upload_pages,
};
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime, task::spawn_blocking};

/// The paths where Chromium and Google Chrome are usually installed.
const BROWSER_PATHS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const NO_BROWSER: &str = "The browser tests need Chromium (`apt-get install chromium fonts-noto-cjk \
    fonts-noto-color-emoji`) or Google Chrome, or the path of one in the variable CHROMIUM.";

/// The programs that are needed to run a Korean input method on a virtual display.
const INPUT_METHOD: [&str; 6] = ["Xvfb", "dbus-daemon", "openbox", "fcitx5", "fcitx5-remote", "xdotool"];
/// A file of the package `fcitx5-hangul`.
const HANGUL: &str = "/usr/share/fcitx5/inputmethod/hangul.conf";
const NO_INPUT_METHOD: &str = "The tests of Korean input need Linux with fcitx5: `apt-get install xvfb \
    xdotool dbus openbox fcitx5 fcitx5-hangul fcitx5-frontend-gtk3`.";

/// Held by the running test, so that the tests run one at a time.
static MACHINE: Mutex<()> = Mutex::new(());

/// The number of messages in the long room.
const LONG: i64 = 10_000;

#[test]
fn pages_work_in_chromium() {
    run_in_chromium(&["pages", "alone", "restart"]);
}

#[test]
fn korean_input_works_in_chromium() {
    if !INPUT_METHOD.iter().all(|program| is_installed(program)) || !Path::new(HANGUL).exists() {
        return skip(NO_INPUT_METHOD);
    }
    run_in_chromium(&["ime"]);
}

/// Runs projects of `web/e2e/playwright.config.ts` against a system that no other test uses.
fn run_in_chromium(projects: &[&str]) {
    let Some(chromium) = chromium() else {
        return skip(NO_BROWSER);
    };
    let _lock = MACHINE.lock();
    build_functions().unwrap();
    build_pages().unwrap();
    Runtime::new().unwrap().block_on(async {
        let system = System::start(SystemOptions::default()).await.unwrap();
        upload_pages(&system.cloud, &pages().unwrap()).await.unwrap();
        let restarts = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut npm = npm_run("e2e").unwrap();
        npm.arg("--").args(projects.iter().map(|project| format!("--project={project}")));
        npm.env("BASE_URL", system.cloud.url()).env("CHROMIUM", chromium);
        npm.env("LONG_ROOM", long_room(&system).await);
        npm.env("RESTART_PORT", restarts.local_addr().unwrap().port().to_string());
        let printed = run_with_restarts(npm, system, restarts).await;
        printed.lines().filter(|line| line.starts_with("figure: ")).for_each(print);
    });
}

/// Runs Playwright and returns its output. At each connection to `restarts`, restarts the local
/// cloud and then closes the connection.
async fn run_with_restarts(mut npm: Command, mut system: System, restarts: TcpListener) -> String {
    let mut running = spawn_blocking(move || npm.output());
    let ran = loop {
        tokio::select! {
            ran = &mut running => break ran.unwrap().unwrap(),
            request = restarts.accept() => {
                let (connection, _) = request.unwrap();
                system = system.restart().await.unwrap();
                drop(connection);
            }
        }
    };
    system.stop().await;
    let printed = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if !ran.status.success() {
        // Playwright lists the passed tests first, and then the errors of the failed ones.
        let errors = printed.find("\n  1) ").map_or(&*printed, |start| &printed[start..]);
        panic!("Playwright failed:\n{errors}");
    }
    assert!(!printed.contains(" skipped"), "Playwright skipped a test:\n{printed}");
    printed
}

/// Creates a room with [`LONG`] messages, which are inserted with SQL because sending them would
/// take minutes. Returns the usernames of both sides and the room's id as JSON for `web/e2e`.
async fn long_room(system: &System) -> String {
    let client = Client::new(&system.cloud.url()).unwrap();
    let customer = Person::customer(&client, "김하늘").await.unwrap();
    let company = Person::company(&client, "새벽빵집").await.unwrap();
    company.become_visible().await.unwrap();
    let room = customer.open_room(&company).await.unwrap();
    // Message 1 is the guide message. The sides alternate, and some messages have several lines.
    let messages = format!(
        "insert into messages
             (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
         select {room}, seq, case when seq % 2 = 0 then 'customer' else 'company' end, 'general',
             seq || '번째 메시지' || repeat(E'\\n여러 줄로 쓴 메시지예요.', (seq % 7 / 5)::int),
             gen_random_uuid(), now() - ({LONG} - seq) * interval '7 minutes', seq / 2, (seq - 1) / 2
         from generate_series(2, {LONG}) seq;
         update rooms
         set last_seq = {LONG}, last_message = '{LONG}번째 메시지', last_message_at = now(),
             customer_sent = {LONG} / 2, company_sent = ({LONG} - 1) / 2,
             customer_read_seq = {LONG}, customer_read_count = ({LONG} - 1) / 2,
             company_read_seq = {LONG}, company_read_count = {LONG} / 2
         where id = {room}"
    );
    system.superuser().await.unwrap().batch_execute(&messages).await.unwrap();
    json!({ "customer": customer.username, "company": company.username, "roomId": room }).to_string()
}

/// Returns the browser: the variable `CHROMIUM`, or the first of [`BROWSER_PATHS`] that exists.
fn chromium() -> Option<OsString> {
    let installed = || BROWSER_PATHS.into_iter().find(|path| Path::new(path).is_file());
    env::var_os("CHROMIUM").or_else(|| installed().map(OsString::from))
}

/// Returns whether a folder of `PATH` contains the program.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(OsStr::new(program)).is_file())
}

/// Prints why tests are skipped. In CI, fails instead.
fn skip(reason: &str) {
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "{reason}");
    print(&format!("{reason} They were skipped."));
}

/// Prints a line directly to stderr, because libtest hides the output of passing tests.
fn print(line: &str) {
    stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
