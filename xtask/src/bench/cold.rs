//! Measures cold starts: the time from the start of a function's process until it asks the Runtime
//! API for its first event, compared with a hello-world function that is built the same way.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    process::{Command as Builder, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use chatchat_harness::{Failure, System, SystemOptions, build_functions, root, target};
use chatchat_template::Template;
use serde_json::json;
use tokio::{net::TcpListener, process::Command, sync::oneshot, time::timeout};

use super::times::{median, milliseconds};
use crate::{failure, progress, run};

/// How long a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The target ratio to the hello-world function, for functions that load an AWS client.
const TARGET_WITH_CLIENT: f64 = 5.0;
/// The target ratio for functions that do not load an AWS client.
const TARGET_WITHOUT_CLIENT: f64 = 1.5;

/// A program with the environment variables that it is started with.
struct Subject {
    name: String,
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
    /// The target ratio; `None` for the hello-world function.
    target: Option<f64>,
    times: Vec<Duration>,
    processor: Vec<Duration>,
}

/// Starts the first function of each artifact, `Unrouted` (which loads no client) and hello-world
/// alternately, `starts` times each, and prints a table of medians.
pub async fn cold(starts: usize) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(failure("the times of a process are read from /proc, which only Linux has"));
    }
    let functions = Template::read(&root().join("infra/template.yaml"))?.functions()?;
    let mut chosen = BTreeMap::new();
    for function in functions.iter().filter(|function| function.condition.is_none()) {
        chosen.entry(function.artifact.clone()).or_insert_with(|| function.id.clone());
    }
    eprintln!("Building with optimisation (the first time takes some minutes)…");
    build(chosen.keys())?;
    build_functions()?;

    // The environment variables come from the processes of a running system.
    let system =
        System::start(SystemOptions { progress: Some(progress()), ..SystemOptions::default() }).await?;
    let measured = measure(&system, chosen, starts).await;
    system.stop().await;
    measured
}

async fn measure(system: &System, chosen: BTreeMap<String, String>, starts: usize) -> Result<(), Failure> {
    let programs = target().join("release");
    let hello = programs.join("examples/hello");
    let mut subjects =
        vec![Subject::new("hello-world".to_owned(), hello, variables(system, "Unrouted").await?, None)];
    let bare = variables(system, "Unrouted").await?;
    subjects.push(Subject::new(
        "ops: Unrouted".to_owned(),
        programs.join("ops"),
        bare,
        Some(TARGET_WITHOUT_CLIENT),
    ));
    for (artifact, function) in chosen {
        let variables = variables(system, &function).await?;
        let program = programs.join(&artifact);
        subjects.push(Subject::new(
            format!("{artifact}: {function}"),
            program,
            variables,
            Some(TARGET_WITH_CLIENT),
        ));
    }
    for round in 0..=starts {
        for subject in &mut subjects {
            let (time, processor) = start(subject).await?;
            // The first round reads the programs from the disk and is not counted.
            if round > 0 {
                subject.times.push(time);
                subject.processor.push(processor);
            }
        }
    }
    table(&mut subjects, starts);
    Ok(())
}

impl Subject {
    fn new(
        name: String,
        program: PathBuf,
        variables: Vec<(OsString, OsString)>,
        target: Option<f64>,
    ) -> Self {
        Self { name, program, variables, target, times: Vec::new(), processor: Vec::new() }
    }
}

fn build<'a>(artifacts: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    let mut cargo = Builder::new("cargo");
    cargo.current_dir(root()).args(["build", "--quiet", "--release"]);
    for artifact in artifacts {
        cargo.args(["--package", artifact]);
    }
    run(&mut cargo)?;
    let hello = ["build", "--quiet", "--release", "--package", "chatchat-function", "--example", "hello"];
    run(Builder::new("cargo").current_dir(root()).args(hello))
}

/// Returns the environment variables that the local cloud gave to a function's process.
async fn variables(system: &System, function: &str) -> Result<Vec<(OsString, OsString)>, Failure> {
    // The call is only to start the function; the response does not matter.
    _ = system.cloud.invoke(function, json!({})).await;
    let pid = system.cloud.environments(function).iter().find_map(|environment| environment.pid);
    let pid = pid.ok_or_else(|| failure(format!("the process of {function} ended after its first event")))?;
    let variables = fs::read(format!("/proc/{pid}/environ"))?;
    let pairs = variables.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..equals].to_vec(), pair[equals + 1..].to_vec());
        Some((OsString::from_vec(name), OsString::from_vec(value)))
    });
    Ok(pairs.filter(|(name, _)| name != "AWS_LAMBDA_RUNTIME_API").collect())
}

/// Starts a program with a separate Runtime API and kills it when it asks for an event. Returns how
/// long that took, and how much of it was CPU time.
async fn start(subject: &Subject) -> Result<(Duration, Duration), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (asked, asks) = oneshot::channel();
    let asked = Arc::new(Mutex::new(Some(asked)));
    let next = get(move || async move {
        if let Some(asked) = asked.lock().unwrap_or_else(PoisonError::into_inner).take() {
            _ = asked.send(Instant::now());
        }
        std::future::pending::<()>().await;
    });
    let router = Router::new().route("/2018-06-01/runtime/invocation/next", next);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let started = Instant::now();
    let mut child = Command::new(&subject.program)
        .env_clear()
        .envs(subject.variables.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let asked = timeout(START_TIMEOUT, asks).await;
    let processor = cpu_time(child.id().unwrap_or_default());
    server.abort();
    child.kill().await?;
    let asked = asked.map_err(|_| {
        let seconds = START_TIMEOUT.as_secs();
        failure(format!("{} did not ask for an event within {seconds} s", subject.name))
    })??;
    Ok((asked - started, processor?))
}

/// Returns the CPU time of all threads of a process.
fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task"))? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += times.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn table(subjects: &mut [Subject], starts: usize) {
    println!("time until the first `next`, medians of {starts} starts");
    println!("{:<34}{:>10}{:>10}{:>10}   target", "", "ms", "CPU ms", "ratio");
    let mut hello = None;
    for subject in subjects {
        let (time, processor) = (median(&mut subject.times), median(&mut subject.processor));
        let ratio = processor.as_secs_f64() / hello.get_or_insert(processor).as_secs_f64();
        let target = subject.target.map_or(String::new(), |target| format!("≤ {target} ×"));
        println!(
            "{:<34}{:>10.1}{:>10.2}{ratio:>9.2}×   {target}",
            subject.name,
            milliseconds(time),
            milliseconds(processor)
        );
    }
    println!(
        "The ratio compares CPU time. All but the first two load an AWS client; those \
         without a required caller also connect to the database."
    );
}
