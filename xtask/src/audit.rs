//! Known vulnerabilities of npm and Python packages. `cargo deny` checks the crates.

use std::{env, fs, path::Path, process::Command};

use chatchat_harness::{Failure, root};
use serde_json::Value;

use crate::{
    failure,
    tools::{folder, pip_audit},
};

/// Packages with a known vulnerability, or `None` if the registry did not answer.
type Found = Option<Vec<String>>;

/// Fails if a package of the pages has a known vulnerability, and prints the vulnerable tools,
/// which are not deployed. Returns whether the registries answered all questions.
pub fn audit() -> Result<bool, Failure> {
    let web = root().join("web");
    let deployed = npm(&web, &["--omit", "dev"])?;
    if let Some(found @ [_, ..]) = deployed.as_deref() {
        return Err(failure(format!(
            "packages of the pages have known vulnerabilities: {}",
            found.join(", ")
        )));
    }
    let tools = [
        npm(&web, &[])?,
        npm(&root().join("infra/local/postgres"), &[])?,
        python(&folder())?,
        python(&folder().join("checkov"))?,
        python(&folder().join("aws"))?,
    ];
    let answered = deployed.is_some() && tools.iter().all(Option::is_some);
    for found in tools.into_iter().flatten().flatten() {
        // GitHub shows a line with this prefix on the page of the run.
        let prefix = if env::var_os("GITHUB_ACTIONS").is_some() { "::warning::" } else { "   warning: " };
        println!("{prefix}a tool has a known vulnerability: {found}");
    }
    Ok(answered)
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<Found, Failure> {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["audit", "--json", "--package-lock-only"]).args(arguments);
    Ok(of_npm(&npm.output()?.stdout))
}

/// Reads the output of `npm audit --json`. Without an answer, it is an error without a report.
fn of_npm(output: &[u8]) -> Found {
    let report: Value = serde_json::from_slice(output).ok()?;
    report.get("auditReportVersion")?;
    let packages = report["vulnerabilities"].as_object()?;
    Some(packages.iter().map(|(name, found)| format!("{name} ({})", text(&found["severity"]))).collect())
}

fn python(environment: &Path) -> Result<Found, Failure> {
    let mut audit = Command::new(pip_audit());
    audit.args(["--format", "json", "--progress-spinner", "off"]);
    // An environment that survived an update of Python has a folder for each version.
    for version in fs::read_dir(environment.join("lib"))? {
        audit.arg("--path").arg(version?.path().join("site-packages"));
    }
    Ok(of_pip_audit(&audit.output()?.stdout))
}

/// Reads the output of pip-audit. Without an answer, it has skipped all packages, or has failed.
fn of_pip_audit(output: &[u8]) -> Found {
    let report: Value = serde_json::from_slice(output).ok()?;
    let packages = report["dependencies"].as_array()?;
    if packages.iter().all(|package| package.get("skip_reason").is_some()) {
        return None;
    }
    let found = packages.iter().flat_map(|package| {
        let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
        let known = package["vulns"].as_array().into_iter().flatten();
        known.map(move |one| format!("{name} ({})", text(&one["id"])))
    });
    Some(found.collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_of_npm_lists_packages_and_an_error_is_no_report() {
        let report =
            br#"{"auditReportVersion":2,"vulnerabilities":{"preact":{"name":"preact","severity":"high"}}}"#;
        assert_eq!(of_npm(report), Some(vec!["preact (high)".to_owned()]));
        assert_eq!(of_npm(br#"{"auditReportVersion":2,"vulnerabilities":{}}"#), Some(Vec::new()));
        assert_eq!(of_npm(br#"{"message":"405 Method Not Allowed","method":"POST"}"#), None);
        assert_eq!(of_npm(b""), None);
    }

    #[test]
    fn report_of_pip_audit_lists_packages_and_skipped_ones_are_no_report() {
        let report = br#"{"dependencies":[
            {"name":"moto","version":"5.2.5","vulns":[{"id":"PYSEC-2026-1"}]},
            {"name":"zizmor","version":"1.32.0","vulns":[]},
            {"name":"own","skip_reason":"Dependency not found on PyPI"}]}"#;
        assert_eq!(of_pip_audit(report), Some(vec!["moto 5.2.5 (PYSEC-2026-1)".to_owned()]));
        let skipped = br#"{"dependencies":[{"name":"moto","skip_reason":"Dependency not found on PyPI"}]}"#;
        assert_eq!(of_pip_audit(skipped), None);
        assert_eq!(of_pip_audit(b""), None);
    }

    /// A lock file without addresses means npm's own registry. `cargo deny` checks the sources of
    /// crates.
    #[test]
    fn npm_packages_come_from_its_registry_with_checksums() {
        for file in ["web/package-lock.json", "infra/local/postgres/package-lock.json"] {
            let lock: Value = serde_json::from_slice(&fs::read(root().join(file)).unwrap()).unwrap();
            let packages = lock["packages"].as_object().unwrap();
            let installed: Vec<_> = packages
                .iter()
                .filter(|(path, package)| path.contains("node_modules/") && package["link"] != true)
                .collect();
            assert!(installed.len() >= 3, "{file}");
            for (path, package) in installed {
                assert!(
                    package["integrity"].as_str().is_some_and(|sum| sum.starts_with("sha512-")),
                    "{path}"
                );
                let source = package["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
                assert!(source.starts_with("https://registry.npmjs.org/"), "{path}: {source}");
            }
        }
    }
}
