//! `cargo xtask fuzz`: sends generated valid and invalid requests to every operation of
//! `infra/openapi.yaml`, without a login, as a customer and as a company.
//!
//! Status, headers and body of each response must be as documented, and no status may be 5xx.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use chatchat_harness::{Client, Failure, Person, System, SystemOptions, root};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::{build, failure, progress, tools};

/// The default number of random valid requests for each operation and caller. schemathesis adds the
/// document's examples and boundary values.
pub const DEFAULT_EXAMPLES: u32 = 10;

const SETTINGS: &str = include_str!("fuzz.toml");
const LOGIN_SETTINGS: &str = include_str!("fuzz-login.toml");

/// The number of responses by status.
type Statuses = Arc<Mutex<BTreeMap<u16, u32>>>;

/// Starts a temporary system and runs schemathesis against it. The same seed generates the same
/// requests, except for those that depend on responses.
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
    let result = fuzz_all_callers(&system, &statuses, seed, examples).await;
    if result.is_err() {
        eprintln!("to repeat these requests: cargo xtask fuzz --seed {seed} --examples {examples}");
    }
    system.stop().await;
    result
}

async fn fuzz_all_callers(
    system: &System,
    statuses: &Statuses,
    seed: u32,
    examples: u32,
) -> Result<(), Failure> {
    // The first accounts, room and entries get the smallest ids, which the settings prefer.
    let client = Client::new(&system.cloud.url())?;
    let company = Person::company(&client, "새벽빵집").await?;
    let customer = Person::customer(&client, "김하늘").await?;
    company.become_visible().await?;
    customer.open_room(&company).await?;
    for question in ["주차할 수 있나요?", "예약해야 하나요?", "몇 시에 여나요?"] {
        let entry = json!({ "question": question, "answer": "네, 편하게 오세요." });
        company.post("/company/auto-replies", &entry).await?.expect(201)?;
    }
    // Session ids start far above the ids that the settings prefer, so that no request ends the
    // session of its caller.
    system
        .superuser()
        .await?
        .batch_execute("alter table sessions alter column id restart with 1000000000")
        .await?;
    let callers =
        [("without a login", None), ("as a customer", Some(customer)), ("as a company", Some(company))];
    for (name, caller) in callers {
        // Wrong passwords of the previous caller must not block this caller's login.
        system.superuser().await?.batch_execute("delete from attempts").await?;
        fuzz_as(system, statuses, name, caller, seed, examples).await?;
    }
    Ok(())
}

/// Sends the requests of one caller and prints how many there were, by status.
async fn fuzz_as(
    system: &System,
    statuses: &Statuses,
    name: &str,
    mut caller: Option<Person>,
    seed: u32,
    examples: u32,
) -> Result<(), Failure> {
    let folder = TempDir::new()?;
    // Directly to API Gateway, because the distribution rejects methods such as TRACE.
    let mut command = schemathesis(folder.path(), &system.cloud.http_url(), seed, examples);
    let mut settings = SETTINGS.to_owned();
    if let Some(person) = &mut caller {
        settings.push_str(LOGIN_SETTINGS);
        let cookie = person.log_in().await?.header("set-cookie").to_owned();
        let refresh = cookie.split(['=', ';']).nth(1).ok_or("a login sets no cookie")?;
        person.log_in().await?;
        command.env("FUZZ_ACCESS_TOKEN", &person.token).env("FUZZ_REFRESH_TOKEN", refresh);
    }
    fs::write(folder.path().join("settings.toml"), settings)?;

    let started = Instant::now();
    _ = take(statuses);
    let output = block_in_place(|| command.output())?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return Err(failure(format!("{name}: schemathesis failed with {} (output above)", output.status)));
    }
    let answers = take(statuses);
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
        return Err(failure(format!("{name}: not every operation was tested: {operations}")));
    }
    if let Some((status, _)) = answers.iter().find(|(status, _)| **status >= 500) {
        return Err(failure(format!("{name}: a response has the status {status}")));
    }
    if let Some(person) = caller {
        // If the session had ended during the run, the rest would have been sent without a login.
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

/// Counts one line of the local cloud's log, which starts with method, path and status.
fn count(statuses: &Statuses, line: &str) {
    if let Some(status) = line.split(' ').nth(2).and_then(|status| status.parse().ok()) {
        *statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }
}

/// Returns the counts since the last call.
fn take(statuses: &Statuses) -> BTreeMap<u16, u32> {
    std::mem::take(&mut statuses.lock().unwrap_or_else(PoisonError::into_inner))
}
