//! Cold starts: what a function takes from its start to its first question for an event, against a hello-world function built the same way.

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
use chatchat_template::Template;
use chatchat_tests::{Failure, System, SystemOptions, build_functions, root, target};
use serde_json::json;
use tokio::{net::TcpListener, process::Command, sync::oneshot, time::timeout};

use super::{median, milliseconds};
use crate::{failure, progress, run};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much more than the hello-world function they may take: those that load a client of AWS, and those that do not.
const AIM_WITH_CLIENT: f64 = 5.0;
const AIM_WITHOUT: f64 = 1.5;

/// A program with the variables that it is started with.
struct Subject {
    name: String,
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
    /// None for the one that the others are held against.
    aim: Option<f64>,
    times: Vec<Duration>,
    processor: Vec<Duration>,
}

/// Starts every artifact's first function, and the one that loads nothing, so many times, in turn, and prints a table of medians.
pub async fn cold(starts: usize) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(failure("the times of a process are read from /proc, which only Linux has"));
    }
    let functions = Template::read(&root().join("infra/template.yaml"))?.functions()?;
    let mut chosen = BTreeMap::new();
    for function in &functions {
        chosen.entry(function.artifact.clone()).or_insert_with(|| function.id.clone());
    }
    eprintln!("building with optimisation; the first time takes some minutes");
    build(chosen.keys())?;
    build_functions()?;

    // What a function is started with, a running system knows.
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
    subjects.push(Subject::new("ops: Unrouted".to_owned(), programs.join("ops"), bare, Some(AIM_WITHOUT)));
    for (artifact, function) in chosen {
        let variables = variables(system, &function).await?;
        let program = programs.join(&artifact);
        subjects.push(Subject::new(
            format!("{artifact}: {function}"),
            program,
            variables,
            Some(AIM_WITH_CLIENT),
        ));
    }
    for round in 0..=starts {
        for subject in &mut subjects {
            let (time, processor) = start(subject).await?;
            // The first ones read the programs from the disk.
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
    fn new(name: String, program: PathBuf, variables: Vec<(OsString, OsString)>, aim: Option<f64>) -> Self {
        Self { name, program, variables, aim, times: Vec::new(), processor: Vec::new() }
    }
}

fn build<'a>(artifacts: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    let mut cargo = Builder::new("cargo");
    cargo.current_dir(root()).args(["build", "--quiet", "--release"]);
    for artifact in artifacts {
        cargo.args(["--package", artifact]);
    }
    run(&mut cargo)?;
    let hello = ["build", "--quiet", "--release", "--package", "chatchat-lambda", "--example", "hello"];
    run(Builder::new("cargo").current_dir(root()).args(hello))
}

/// The variables of a function's process, as the local cloud has made them.
async fn variables(system: &System, function: &str) -> Result<Vec<(OsString, OsString)>, Failure> {
    // The answer does not matter: it starts the function.
    _ = system.cloud.invoke(function, json!({})).await;
    let pid = system.cloud.environments(function).iter().find_map(|environment| environment.pid);
    let pid = pid.ok_or_else(|| failure(format!("{function} does not stay")))?;
    let variables = fs::read(format!("/proc/{pid}/environ"))?;
    let pairs = variables.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..equals].to_vec(), pair[equals + 1..].to_vec());
        Some((OsString::from_vec(name), OsString::from_vec(value)))
    });
    Ok(pairs.filter(|(name, _)| name != "AWS_LAMBDA_RUNTIME_API").collect())
}

/// Starts it with a Runtime API of its own, and ends it when it asks for an event. Gives how long that took, and of that on a processor.
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
    let asked = timeout(PATIENCE, asks).await;
    let processor = on_processor(child.id().unwrap_or_default());
    server.abort();
    child.kill().await?;
    let asked = asked.map_err(|_| failure(format!("{} does not ask for an event", subject.name)))??;
    Ok((asked - started, processor?))
}

/// How long a process's threads have been on a processor.
fn on_processor(pid: u32) -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task"))? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += times.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn table(subjects: &mut [Subject], starts: usize) {
    println!("to the first `next`, medians of {starts} starts, in turn");
    println!("{:<34}{:>10}{:>10}{:>10}   aim", "", "ms", "CPU ms", "ratio");
    let mut hello = None;
    for subject in subjects {
        let (time, processor) = (median(&mut subject.times), median(&mut subject.processor));
        let ratio = processor.as_secs_f64() / hello.get_or_insert(processor).as_secs_f64();
        let aim = subject.aim.map_or(String::new(), |aim| format!("≤ {aim} ×"));
        println!(
            "{:<34}{:>10.1}{:>10.2}{ratio:>9.2}×   {aim}",
            subject.name,
            milliseconds(time),
            milliseconds(processor)
        );
    }
    println!(
        "The ratio is that of the processor's time; with a client of AWS and a connection to the database, all but the first two."
    );
}
