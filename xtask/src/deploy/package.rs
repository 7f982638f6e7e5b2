//! `cargo xtask package`: builds the functions for Lambda and prints their sizes.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use chatchat_harness::{Failure, build_pages, root};
use chatchat_template::Template;

use crate::{failure, run, tools};

/// The target for the size of a zipped artifact, in megabytes.
const TARGET_MEGABYTES: f64 = 6.0;

/// The folder that `infra/template.yaml` takes the code from.
pub fn folder() -> PathBuf {
    root().join("target/lambda")
}

/// The path of an artifact's zip file.
pub fn zipped(artifact: &str) -> PathBuf {
    folder().join(artifact).with_extension("zip")
}

/// The processor that the functions are built for.
#[derive(Clone, Copy)]
pub enum Processor {
    /// The processor in the template.
    Arm64,
    X86_64,
}

/// Builds the pages and all artifacts, zips each artifact, and prints a table of the sizes.
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
        // cargo-lambda uses the zig of this Python environment.
        cargo.env("CARGO_ZIGBUILD_PYTHON_PATH", tools::tool("python"));
    }
    run(&mut cargo)?;
    println!("| artifact | program, MB | zipped, MB | target |");
    println!("|---|---:|---:|---|");
    for artifact in &artifacts {
        zip(artifact)?;
        let [program, zipped] = [program(artifact), zipped(artifact)].map(|path| megabytes(&path));
        println!("| {artifact} | {:.2} | {:.2} | ≤ {TARGET_MEGABYTES:.0} |", program?, zipped?);
    }
    Ok(())
}

/// Checks that the program of each artifact in the template was built.
pub fn check() -> Result<(), Failure> {
    match artifacts()?.iter().find(|artifact| !program(artifact).is_file()) {
        None => Ok(()),
        Some(missing) => Err(failure(format!(
            "{} does not exist; run `cargo xtask package` or leave out --built",
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

/// Zips an artifact's program. The same program always results in the same file.
pub fn zip(artifact: &str) -> Result<(), Failure> {
    let program = program(artifact);
    // The zip file contains the modification time, so it must be constant.
    let modified = UNIX_EPOCH + Duration::from_hours(24 * 365 * 50);
    File::options().append(true).open(&program)?.set_modified(modified)?;
    run(Command::new("python3").args(["-m", "zipfile", "-c"]).arg(zipped(artifact)).arg(program))
}

#[allow(clippy::cast_precision_loss, reason = "a file has less than 2^52 bytes")]
fn megabytes(path: &Path) -> Result<f64, Failure> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

/// Creates a command whose `PATH` ends with `.local/tools`, so that tools of the machine are
/// preferred.
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

/// Installs the SAM command line unless the machine has one.
pub fn install_sam() -> Result<(), Failure> {
    if runs(with_tools("sam").arg("--version")) { Ok(()) } else { tools::install_python() }
}

/// Installs cargo-lambda unless the machine has one.
fn install_cargo_lambda() -> Result<(), Failure> {
    let installed = runs(Command::new("cargo-lambda").args(["lambda", "--version"]));
    if installed { Ok(()) } else { tools::install_cargo_lambda() }
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|done| done.status.success())
}
