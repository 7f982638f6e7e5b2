//! `cargo xtask test`: every check there is, the quick ones first.

use std::{path::Path, process::Command, time::Instant};

use chatchat_tests::{Failure, build_functions, root};

use crate::{
    run,
    tools::{install, tool},
};

/// Runs all checks and stops at the first that fails.
pub fn all() -> Result<(), Failure> {
    let started = Instant::now();
    step("format", format)?;
    step("tools", install)?;
    step("licences, sources, doubled dependencies", deny)?;
    step("template", template)?;
    step("lints", lints)?;
    step("functions", || build_functions().map(drop))?;
    step("documentation", || {
        run(cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    // Last, for a runner's own closing line is what a reader looks for.
    step("tests", || run(cargo().args(["test", "--workspace", "--quiet"])))?;
    eprintln!("all checks passed in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// What needs no tools, no database and no processes.
pub fn quick() -> Result<(), Failure> {
    step("format", format)?;
    step("lints", lints)?;
    step("unit tests", || run(cargo().args(["test", "--workspace", "--lib", "--bins", "--quiet"])))
}

fn format() -> Result<(), Failure> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
}

fn step(name: &str, check: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    eprintln!("── {name}");
    let started = Instant::now();
    check()?;
    eprintln!("   {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    cargo
}

/// Licences, sources and doubled dependencies always; known vulnerabilities where the advisory database can be had.
fn deny() -> Result<(), Failure> {
    let deny = || {
        let mut deny = Command::new(tool("cargo-deny"));
        deny.current_dir(root()).args(["--workspace", "--log-level", "error"]);
        deny
    };
    run(deny().args(["check", "bans", "licenses", "sources"]))?;
    if deny().args(["fetch", "db"]).output()?.status.success() {
        return run(deny().args(["check", "advisories"]));
    }
    eprintln!("   the advisory database cannot be reached from here: advisories were not checked");
    Ok(())
}

fn template() -> Result<(), Failure> {
    let template = Path::new("infra/template.yaml");
    let here = |program: &str| {
        let mut command = Command::new(tool(program));
        command.current_dir(root()).env("AWS_DEFAULT_REGION", "ap-northeast-2").env("SAM_CLI_TELEMETRY", "0");
        command
    };
    run(here("sam").args(["validate", "--lint", "--template"]).arg(template))?;
    run(here("cfn-lint").arg(template))
}
