//! The pages in a browser: `web/e2e`, run by Playwright in Chromium.
//!
//! This is a test binary of its own because cargo runs one binary at a time: some of these tests measure times
//! and frame rates, and other tests would take the processor from them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]
#![allow(
    clippy::disallowed_methods,
    reason = "the test's own statements for the database go through no pooler"
)]

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{Write, stderr},
    path::Path,
    process::Command,
    sync::Mutex,
};

use chatchat_tests::{
    Client, Person, System, SystemOptions, build_functions, build_pages, npm_run, pages, upload_pages,
};
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime, task::spawn_blocking};

/// Where Chromium and Google Chrome are usually installed.
const USUAL_PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const NO_BROWSER: &str = "The browser tests need Chromium: `apt-get install chromium fonts-noto-cjk \
    fonts-noto-color-emoji`, or Google Chrome, or the variable CHROMIUM with the path of either.";

/// The programs that a real Korean input method needs, on a display in memory.
const INPUT_METHOD: [&str; 6] = ["Xvfb", "dbus-daemon", "openbox", "fcitx5", "fcitx5-remote", "xdotool"];
/// A file of the package `fcitx5-hangul`.
const HANGUL: &str = "/usr/share/fcitx5/inputmethod/hangul.conf";
const NO_INPUT_METHOD: &str = "The tests of Korean input need Linux with fcitx5: `apt-get install xvfb \
    xdotool dbus openbox fcitx5 fcitx5-hangul fcitx5-frontend-gtk3`.";

/// Held by the test that runs.
static MACHINE: Mutex<()> = Mutex::new(());

/// The messages of the long room.
const LONG: i64 = 10_000;

#[test]
fn the_pages_work_in_chromium() {
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
    let _alone = MACHINE.lock();
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

/// Runs Playwright, and restarts the cloud at each connection to `restarts`; it closes the connection
/// when the cloud is up again. Returns what Playwright printed.
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
        // Playwright's list of failed tests.
        printed.lines().filter(|line| line.starts_with("    [")).for_each(print);
        panic!("{printed}");
    }
    assert!(!printed.contains(" skipped"), "Playwright skipped a test:\n{printed}");
    printed
}

/// Makes a room with [`LONG`] messages. Sending them would take minutes, so they are written into the
/// database. Returns the usernames of its two sides and its id, as `web/e2e` reads them.
async fn long_room(system: &System) -> String {
    let client = Client::new(&system.cloud.url()).unwrap();
    let customer = Person::customer(&client, "김하늘").await.unwrap();
    let company = Person::company(&client, "새벽빵집").await.unwrap();
    company.become_visible().await.unwrap();
    let room = customer.open_room(&company).await.unwrap();
    // The guide message is the first one. Sides take turns, and some messages have several lines.
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

/// The program that `CHROMIUM` names, or one in the usual places.
fn chromium() -> Option<OsString> {
    let usual = || USUAL_PLACES.into_iter().find(|place| Path::new(place).is_file());
    env::var_os("CHROMIUM").or_else(|| usual().map(OsString::from))
}

/// Whether a folder of `PATH` has the program.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(OsStr::new(program)).is_file())
}

/// Prints what is missing; in CI that is a failure.
fn skip(missing: &str) {
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "{missing}");
    print(&format!("{missing} They were skipped."));
}

/// Prints a line past libtest, which hides what a test that passes prints.
fn print(line: &str) {
    stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
