//! Building the functions for Lambda, as `sam deploy` and a release take them, and how large they are.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use chatchat_template::Template;
use chatchat_tests::{Failure, build_pages, root};

use crate::{failure, run, tools};

/// From the Python Package Index: cargo-lambda, and the compiler and linker that it makes programs for Amazon Linux with.
const CARGO_LAMBDA: [&str; 2] = ["cargo-lambda==1.9.2", "ziglang==0.15.2"];
/// What a zipped artifact is to have at most, in megabytes.
const AIM: f64 = 6.0;

/// Where `infra/template.yaml` has its code from.
pub fn folder() -> PathBuf {
    root().join("target/lambda")
}

/// The artifact's program, zipped.
pub fn zipped(artifact: &str) -> PathBuf {
    folder().join(artifact).with_extension("zip")
}

/// What the functions run on.
#[derive(Clone, Copy)]
pub enum Processor {
    /// What the template asks Lambda for.
    Arm64,
    X86_64,
}

/// Builds all artifacts for Lambda, zips each, and prints a table of their sizes. Builds the pages too.
pub fn package(processor: Processor) -> Result<(), Failure> {
    let processor = match processor {
        Processor::Arm64 => "--arm64",
        Processor::X86_64 => "--x86-64",
    };
    build_pages()?;
    let artifacts = artifacts()?;
    let mut cargo = with_tools("cargo");
    cargo.args(["lambda", "build", "--release", processor, "--locked", "--lambda-dir"]).arg(folder());
    for artifact in &artifacts {
        cargo.args(["--package", artifact]);
    }
    install_cargo_lambda()?;
    if tools::tool("python-zig").is_file() {
        // Where cargo-lambda looks for the zig that was installed with it.
        cargo.env("CARGO_ZIGBUILD_PYTHON_PATH", tools::tool("python"));
    }
    run(&mut cargo)?;
    println!("| artifact | program, MB | zipped, MB | aim |");
    println!("|---|---:|---:|---|");
    for artifact in &artifacts {
        zip(artifact)?;
        let [program, zipped] = [program(artifact), zipped(artifact)].map(|path| megabytes(&path));
        println!("| {artifact} | {:.2} | {:.2} | ≤ {AIM:.0} |", program?, zipped?);
    }
    Ok(())
}

/// Whether everything that the template names is there.
pub fn check() -> Result<(), Failure> {
    match artifacts()?.iter().find(|artifact| !program(artifact).is_file()) {
        None => Ok(()),
        Some(missing) => Err(failure(format!(
            "{} is not there; `cargo xtask package` builds it",
            program(missing).display()
        ))),
    }
}

fn artifacts() -> Result<BTreeSet<String>, Failure> {
    let functions = Template::read(&root().join("infra/template.yaml"))?.functions()?;
    Ok(functions.into_iter().map(|function| function.artifact).collect())
}

fn program(artifact: &str) -> PathBuf {
    folder().join(artifact).join("bootstrap")
}

/// Zips an artifact's program; the same program gives the same file.
pub fn zip(artifact: &str) -> Result<(), Failure> {
    let program = program(artifact);
    let settled = UNIX_EPOCH + Duration::from_hours(24 * 365 * 50); // any time that is always the same: the zip keeps it
    File::options().append(true).open(&program)?.set_modified(settled)?;
    run(Command::new("python3").args(["-m", "zipfile", "-c"]).arg(zipped(artifact)).arg(program))
}

#[allow(clippy::cast_precision_loss, reason = "a file has less than 2^52 bytes")]
fn megabytes(path: &Path) -> Result<f64, Failure> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

/// A program of this machine, which finds what is installed into `.local/tools` where the machine has none.
pub fn with_tools(program: &str) -> Command {
    let mut command = Command::new(program);
    let own = tools::tool("");
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Ok(path) = std::env::join_paths(std::env::split_paths(&path).chain([own])) {
        command.env("PATH", path);
    }
    command.current_dir(root());
    command
}

/// SAM's command line, where the machine has none.
pub fn install_sam() -> Result<(), Failure> {
    if runs(with_tools("sam").arg("--version")) { Ok(()) } else { tools::install_python() }
}

fn install_cargo_lambda() -> Result<(), Failure> {
    if runs(with_tools("cargo-lambda").args(["lambda", "--version"])) {
        return Ok(());
    }
    tools::install_python()?;
    run(Command::new(tools::tool("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(CARGO_LAMBDA))
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|done| done.status.success())
}
