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
use clap::ValueEnum;

use crate::{
    audit::audit,
    failure, run,
    tools::{
        aws, checkov, folder, install_actionlint, install_aws, install_cargo_deny, install_checkov,
        install_pip_audit, install_python, tool,
    },
};

/// A part of the checks, which CI runs as a separate job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Format, lints, licences, vulnerabilities, workflows and documentation
    Lint,
    /// The templates of a deployment, and rehearsals of deployments
    Templates,
    /// Format, lints, types, unit tests and build of the pages
    Web,
    /// Generated requests, and all Rust tests except those in Chromium
    System,
    /// The system tests through `PgBouncer`
    Pooled,
    /// The tests in Chromium
    Browser,
}

/// The part that runs (`None` means all parts), and the reasons of the skipped checks.
#[derive(Default)]
struct Run {
    part: Option<Part>,
    skipped: Vec<&'static str>,
}

impl Run {
    /// Records a skipped check. Fails if the check must not be skipped on this machine.
    fn skip(&mut self, reason: &'static str, is_required: bool) -> Result<(), Failure> {
        if is_required {
            return Err(failure(format!("a check that must not be skipped cannot run: {reason}")));
        }
        eprintln!("   skipped: {reason}");
        self.skipped.push(reason);
        Ok(())
    }
}

/// The name of a check, the parts that it belongs to, and the check.
type Step = (&'static str, &'static [Part], fn(&mut Run) -> Result<(), Failure>);

/// All checks in their order.
const STEPS: [Step; 15] = [
    ("format", &[Part::Lint], |_| format()),
    ("tools", &[Part::Lint, Part::Templates, Part::System], |run| tools(run.part)),
    ("licences, sources, duplicate dependencies", &[Part::Lint], deny),
    ("vulnerabilities of npm and Python packages", &[Part::Lint], packages),
    ("templates", &[Part::Templates], |_| template()),
    ("rehearsal of deployments", &[Part::Templates], |_| rehearsal()),
    ("commands in docs/operations.md", &[Part::Templates], |_| runbooks()),
    ("workflows", &[Part::Lint], |_| workflows()),
    ("lints", &[Part::Lint], |_| lints()),
    ("functions", &[Part::System], |_| build_functions().map(drop)),
    ("documentation", &[Part::Lint], |_| documentation()),
    ("web", &[Part::Web], |_| web()),
    ("fuzzing", &[Part::System], |_| fuzzing()),
    ("tests through PgBouncer", &[Part::Pooled], pooled_tests),
    // Last, so that the counts of passed and failed tests are at the end of the output.
    ("tests", &[Part::System, Part::Browser], |run| {
        tests(cargo().args(["test", "--workspace", "--no-fail-fast", "--"]).args(filter(run.part)))
    }),
];

/// A part of the name of each test in Chromium, and of no other test.
const IN_CHROMIUM: &str = "in_chromium";

/// Runs the checks of a part, or of all parts, and stops at the first failure. Lists the skipped
/// checks at the end.
pub fn checks(part: Option<Part>) -> Result<(), Failure> {
    let started = Instant::now();
    let mut run = Run { part, ..Run::default() };
    for (name, parts, check) in STEPS {
        if part.is_none_or(|part| parts.contains(&part)) {
            step(name, || check(&mut run))?;
        }
    }
    let passed = if part.is_some() { "the checks of this part" } else { "all checks" };
    let skipped =
        if run.skipped.is_empty() { String::new() } else { format!("; SKIPPED: {}", run.skipped.join("; ")) };
    eprintln!("{passed} passed in {:.0} s{skipped}", started.elapsed().as_secs_f64());
    Ok(())
}

/// Returns the arguments of the test binaries. The parts use the same text to select and to skip,
/// so that each test runs in exactly one of them.
fn filter(part: Option<Part>) -> &'static [&'static str] {
    match part {
        None => &[],
        Some(Part::Browser) => &[IN_CHROMIUM],
        Some(_) => &["--skip", IN_CHROMIUM],
    }
}

/// Installs the missing tools of the part and prints a line for each.
fn tools(part: Option<Part>) -> Result<(), Failure> {
    install_python()?;
    if part.is_none_or(|part| matches!(part, Part::Lint | Part::Templates)) {
        install_checkov()?;
        install_aws()?;
    }
    if part.is_none_or(|part| part == Part::Lint) {
        install_actionlint()?;
        install_cargo_deny()?;
        install_pip_audit()?;
    }
    Ok(())
}

fn documentation() -> Result<(), Failure> {
    run(cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Uses a fixed seed, so that a failure here comes from a change. `cargo xtask fuzz` uses random
/// seeds.
fn fuzzing() -> Result<(), Failure> {
    run(Command::new(env::current_exe()?).args(["fuzz", "--seed", "738488761"]))
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
/// Proxy. They are skipped if it is not installed, unless the variable `CI` is `true`.
fn pooled_tests(checks: &mut Run) -> Result<(), Failure> {
    if !PgBouncer::is_installed() {
        let missing = "tests through PgBouncer, because it is not installed; install the package pgbouncer";
        return checks.skip(missing, is_true("CI"));
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
    run(cargo().args(["fmt", "--all", "--check"]))?;
    // The fuzz targets' programs are a separate workspace.
    run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
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

/// Returns whether a variable of the environment is `true`.
fn is_true(variable: &str) -> bool {
    env::var(variable).as_deref() == Ok("true")
}

/// Checks licences, sources and duplicate dependencies, and known vulnerabilities if the advisory
/// database can be downloaded.
fn deny(checks: &mut Run) -> Result<(), Failure> {
    let deny = || {
        let mut deny = Command::new(tool("cargo-deny"));
        deny.current_dir(root()).args(["--workspace", "--log-level", "error"]);
        deny
    };
    run(deny().args(["check", "bans", "licenses", "sources"]))?;
    let fetched = deny().args(["fetch", "db"]).output()?;
    if fetched.status.success() {
        return run(deny().args(["check", "advisories"]));
    }
    eprint!("{}", String::from_utf8_lossy(&fetched.stderr));
    // GitHub's machines always reach the database, but other machines with CI=true may not reach
    // github.com, and crates.io, npm, PyPI and Debian have no copy of it.
    checks.skip(
        "known vulnerabilities, because the advisory database cannot be downloaded from github.com",
        is_true("GITHUB_ACTIONS"),
    )
}

/// Compares npm and Python packages with known vulnerabilities, if the registries answer.
fn packages(checks: &mut Run) -> Result<(), Failure> {
    if audit()? {
        return Ok(());
    }
    checks.skip("vulnerabilities of some npm or Python packages, because a registry did not answer", false)
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
    let templates = [
        "template",
        "network",
        "database",
        "buckets",
        "web",
        "domain",
        "observability",
        "certificate",
        "firewall",
        "github",
    ];
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

/// Deploys to a server that imitates AWS, with each set of parameters.
fn rehearsal() -> Result<(), Failure> {
    run(Command::new(tool("python")).current_dir(root()).arg("infra/rehearse.py"))
}

/// Runs the commands of an operator against a server that imitates AWS.
fn runbooks() -> Result<(), Failure> {
    run(Command::new(tool("python")).current_dir(root()).arg("infra/runbooks.py").arg(aws()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_belongs_to_one_part() {
        for (name, parts, _) in STEPS {
            match name {
                // Each part installs its own tools.
                "tools" => assert!(parts.len() > 1),
                // `filter` divides the tests.
                "tests" => assert_eq!(parts, [Part::System, Part::Browser]),
                _ => assert_eq!(parts.len(), 1, "{name}"),
            }
        }
    }

    #[test]
    fn the_parts_divide_the_tests() {
        assert!(filter(None).is_empty());
        assert_eq!(filter(Some(Part::System)), [&["--skip"], filter(Some(Part::Browser))].concat());
    }

    #[test]
    fn a_required_check_fails_instead_of_being_skipped() {
        let mut run = Run::default();
        assert!(run.skip("no database", true).is_err());
        assert!(run.skipped.is_empty());
        run.skip("no database", false).unwrap();
        assert_eq!(run.skipped, ["no database"]);
    }

    #[test]
    fn ci_runs_each_part() {
        let workflow = include_str!("../../.github/workflows/checks.yml");
        let jobs = workflow.lines().filter_map(|line| line.trim().strip_prefix("- part: "));
        let parts = Part::value_variants().iter().map(|part| part.to_possible_value().unwrap());
        assert!(jobs.eq(parts.map(|part| part.get_name().to_owned())));
    }
}
