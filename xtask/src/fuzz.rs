//! `cargo xtask fuzz`: generated requests to every operation of `infra/openapi.yaml`, right ones and wrong ones, by nobody, a customer and
//! a company. What comes back has to be documented: the status, the headers, the body; and never a 5xx.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use chatchat_tests::{Client, Failure, Person, System, SystemOptions, root};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::{build, failure, progress, tools};

/// Generated requests that fit the document, for each operation and caller; those that test its bounds and examples come on top.
pub const EXAMPLES: u32 = 10;

const SETTINGS: &str = include_str!("fuzz.toml");
const SETTINGS_OF_CALLERS: &str = include_str!("fuzz-login.toml");

/// Answers by status.
type Statuses = Arc<Mutex<BTreeMap<u16, u32>>>;

/// Starts the product for the time being, and has schemathesis ask it. The same seed gives the same requests, as far as they do not depend on
/// answers.
pub async fn fuzz(seed: Option<u32>, examples: u32) -> Result<(), Failure> {
    let seed = match seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos(),
    };
    block_in_place(|| {
        tools::install_python()?;
        build()
    })?;
    let statuses = Statuses::default();
    let counted = Arc::clone(&statuses);
    let options = SystemOptions {
        log: Some(Arc::new(move |line| count(&counted, line))),
        progress: Some(progress()),
        ..SystemOptions::default()
    };
    let system = System::start(options).await?;
    let done = by_all(&system, &statuses, seed, examples).await;
    if done.is_err() {
        eprintln!("again with the same requests: cargo xtask fuzz --seed {seed} --examples {examples}");
    }
    system.stop().await;
    done
}

async fn by_all(system: &System, statuses: &Statuses, seed: u32, examples: u32) -> Result<(), Failure> {
    // The first accounts, room and entries have the smallest ids, which the settings prefer.
    let client = Client::new(&system.cloud.url())?;
    let company = Person::company(&client, "새벽빵집").await?;
    let customer = Person::customer(&client, "김하늘").await?;
    company.become_visible().await?;
    customer.open_room(&company).await?;
    for question in ["주차할 수 있나요?", "예약해야 하나요?", "몇 시에 여나요?"] {
        let entry = json!({ "question": question, "answer": "네, 편하게 오세요." });
        company.post("/company/auto-replies", &entry).await?.expect(201)?;
    }
    // Sessions have other ids than those that the settings prefer, so that no request ends the session of its caller.
    system
        .superuser()
        .await?
        .batch_execute("alter table sessions alter column id restart with 1000000000")
        .await?;
    for (name, caller) in [("nobody", None), ("a customer", Some(customer)), ("a company", Some(company))] {
        // Wrong passwords of one caller are not to keep the next from logging in.
        system.superuser().await?.batch_execute("delete from attempts").await?;
        by(system, statuses, name, caller, seed, examples).await?;
    }
    Ok(())
}

/// Asks as one caller, and says what was asked and answered.
async fn by(
    system: &System,
    statuses: &Statuses,
    name: &str,
    mut caller: Option<Person>,
    seed: u32,
    examples: u32,
) -> Result<(), Failure> {
    let folder = TempDir::new()?;
    // API Gateway's own endpoint: the distribution rejects methods such as TRACE by itself.
    let mut command = schemathesis(folder.path(), &system.cloud.http_url(), seed, examples);
    let mut settings = SETTINGS.to_owned();
    if let Some(person) = &mut caller {
        settings.push_str(SETTINGS_OF_CALLERS);
        let cookie = person.log_in().await?.header("set-cookie").to_owned();
        let refresh = cookie.split(['=', ';']).nth(1).ok_or("a login sets no cookie")?;
        person.log_in().await?;
        command.env("FUZZ_ACCESS_TOKEN", &person.token).env("FUZZ_REFRESH_TOKEN", refresh);
    }
    fs::write(folder.path().join("settings.toml"), settings)?;

    let started = Instant::now();
    _ = taken(statuses);
    let output = block_in_place(|| command.output())?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return Err(failure(format!("as {name}, not all is as documented; schemathesis says above what")));
    }
    let answers = taken(statuses);
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("report.json"))?)?;
    let (operations, complete) = (&report["operations"], &report["complete"]);
    eprintln!(
        "   {name}: {} requests to {} operations, seed {seed}, {:.0} s; {}",
        answers.values().sum::<u32>(),
        operations["tested"],
        started.elapsed().as_secs_f64(),
        answers.iter().map(|(status, count)| format!("{count} × {status}")).collect::<Vec<_>>().join(", ")
    );
    if operations["tested"] != operations["total"] || complete != &json!(true) {
        return Err(failure(format!("not every operation was asked: {operations}")));
    }
    if let Some((status, _)) = answers.iter().find(|(status, _)| **status >= 500) {
        return Err(failure(format!("a request was answered {status}")));
    }
    if let Some(person) = caller {
        // Who is thrown out in the middle would go on asking as nobody.
        person.get(person.profile()).await?.expect(200)?;
    }
    Ok(())
}

fn schemathesis(folder: &Path, url: &str, seed: u32, examples: u32) -> Command {
    let mut command = Command::new(tools::tool("schemathesis"));
    command.current_dir(folder).arg("--config-file").arg(folder.join("settings.toml"));
    command.arg("run").arg(root().join("infra/openapi.yaml")).args(["--url", url, "--no-color"]);
    command.args(["--phases", "examples,coverage,fuzzing", "--seed", &seed.to_string()]);
    command.args(["--max-examples", &examples.to_string()]);
    command.arg("--report-json-path").arg(folder.join("report.json"));
    command
}

/// Counts a line of the local cloud's log: the method, the path, the status and more.
fn count(statuses: &Statuses, line: &str) {
    if let Some(status) = line.split(' ').nth(2).and_then(|status| status.parse().ok()) {
        *statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }
}

/// What was counted since the last time.
fn taken(statuses: &Statuses) -> BTreeMap<u16, u32> {
    std::mem::take(&mut statuses.lock().unwrap_or_else(PoisonError::into_inner))
}
