//! `cargo xtask test`: all checks, the fastest first.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use chatchat_harness::{Failure, build_functions, build_pages, npm_run, root};
use chatchat_local::PgBouncer;

use crate::{
    failure, run,
    tools::{checkov, folder, install, tool},
};

/// Runs all checks and stops at the first failure.
pub fn all() -> Result<(), Failure> {
    let started = Instant::now();
    step("format", format)?;
    step("tools", install)?;
    step("licences, sources, duplicate dependencies", deny)?;
    step("templates", template)?;
    step("rehearsal of deployments", rehearsal)?;
    step("workflows", workflows)?;
    step("lints", lints)?;
    step("functions", || build_functions().map(drop))?;
    step("documentation", || {
        run(cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    step("web", web)?;
    // A fixed seed, so that a failure here comes from a change. `cargo xtask fuzz` uses random
    // seeds.
    step("fuzzing", || run(Command::new(env::current_exe()?).args(["fuzz", "--seed", "738488761"])))?;
    step("tests through PgBouncer", pooled_tests)?;
    // Last, so that the counts of passed and failed tests are at the end of the output.
    step("tests", || tests(cargo().args(["test", "--workspace", "--no-fail-fast"])))?;
    eprintln!("all checks passed in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Format, lints, types, unit tests and build of `web`. The tests that need a running product (the
/// client library, the pages in Chromium) run in the last step.
fn web() -> Result<(), Failure> {
    for script in ["check", "test"] {
        run(&mut npm_run(script)?)?;
    }
    build_pages()
}

/// The system tests with PgBouncer between the functions and PostgreSQL. It is stricter than RDS
/// Proxy. They are skipped if it is not installed, except in CI.
fn pooled_tests() -> Result<(), Failure> {
    if !PgBouncer::is_installed() {
        let missing = "PgBouncer is not installed; install the package pgbouncer";
        if env::var("CI").as_deref() == Ok("true") {
            return Err(failure(missing));
        }
        eprintln!("   skipped: {missing}");
        return Ok(());
    }
    // The whole workspace, because cargo selects other features for a part of it and would build
    // the dependencies a second time.
    tests(cargo().args(["test", "--workspace", "--test", "system", "--no-fail-fast"]).env("POOLED", "1"))
}

/// Runs tests and prints their output, without the lines of programs that contain no tests. Prints
/// the total counts at the end.
fn tests(command: &mut Command) -> Result<(), Failure> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let (mut passed, mut failed) = (0, 0);
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line?;
        if let Some(result) = line.strip_prefix("test result: ") {
            let mut counts =
                result.split(|c: char| !c.is_ascii_digit()).filter_map(|count| count.parse::<u32>().ok());
            passed += counts.next().unwrap_or_default();
            failed += counts.next().unwrap_or_default();
        }
        if !line.is_empty() && !line.starts_with("running 0 tests") && !line.contains(" 0 passed; 0 failed;")
        {
            println!("{line}");
        }
    }
    let succeeded = child.wait()?.success();
    println!("{passed} passed, {failed} failed");
    if succeeded { Ok(()) } else { Err(failure(format!("{failed} tests failed (output above)"))) }
}

/// Runs the checks that need no additional tools, no database and no processes.
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

/// Checks licences, sources and duplicate dependencies, and known vulnerabilities if the advisory
/// database can be downloaded.
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
    eprintln!("   skipped: known vulnerabilities, because the advisory database cannot be downloaded");
    Ok(())
}

/// Checks the templates that a deployment reads, and the template that SAM expands from
/// `template.yaml`.
fn template() -> Result<(), Failure> {
    let here = |program: &Path| {
        let mut command = Command::new(program);
        command.current_dir(root()).env("AWS_DEFAULT_REGION", "ap-northeast-2").env("SAM_CLI_TELEMETRY", "0");
        command
    };
    run(here(&tool("sam")).args(["validate", "--lint", "--template", "infra/template.yaml"]))?;
    let templates =
        ["template", "network", "database", "buckets", "web", "domain", "observability", "certificate"];
    // W1101: `sam deploy` uploads nested templates without YAML aliases.
    run(here(&tool("cfn-lint"))
        .args(["--ignore-checks", "W1101", "--"])
        .args(templates.map(|name| format!("infra/{name}.yaml"))))?;
    let expansion = Path::new(".local/expansion");
    run(here(&tool("python")).arg("infra/expand.py").arg(expansion))?;
    // W3002: nested templates are local files; `sam deploy` uploads them.
    run(here(&tool("cfn-lint"))
        .args(["--ignore-checks", "W3002", "--"])
        .arg(expansion.join("template.json")))?;
    run(here(&checkov()).args(["--config-file", "infra/checkov.yaml", "--directory"]).arg(expansion))
}

/// Deploys to a server that imitates AWS, with four sets of parameters.
fn rehearsal() -> Result<(), Failure> {
    run(Command::new(tool("python")).current_dir(root()).arg("infra/rehearse.py"))
}

/// Checks the GitHub workflows: syntax and security.
fn workflows() -> Result<(), Failure> {
    run(Command::new("node").current_dir(root()).arg(".github/lint.mjs").arg(folder()))?;
    run(Command::new(tool("zizmor")).current_dir(root()).args([
        "--offline",
        "--quiet",
        "--persona",
        "pedantic",
        ".github",
    ]))
}
