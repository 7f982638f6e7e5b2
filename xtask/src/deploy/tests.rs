//! Deployments with fake `aws` and `sam` programs that record their arguments.

use std::{cell::Cell, fs, os::unix::fs::PermissionsExt, path::Path};

use chatchat_harness::Page;
use tempfile::TempDir;

use super::{Stack, limits::with_limits, roll_out, with_secret};
use crate::failure;

/// A fake `aws`. The stack exists if the file `deployed` does, which the fake `sam deploy` creates.
const AWS: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "aws $*" | sed 's|fileb://[^ ]*|FILE|g; s| /tmp/[^ ]*| FILE|g' >> calls
case "$*" in
*describe-stacks*)
    if [ ! -e deployed ]; then echo "Stack with id chatchat-dev does not exist" >&2; exit 254; fi
    echo '{"Stacks":[{"StackStatus":"UPDATE_COMPLETE",
        "Parameters":[{"ParameterKey":"AlarmEmail","ParameterValue":""},{"ParameterKey":"Key","ParameterValue":"****"},{"ParameterKey":"ConcurrencyLimits","ParameterValue":"'"$([ -e limits ] && echo on || echo off)"'"}'"$([ -e secret ] && echo ',{"ParameterKey":"DistributionSecret","ParameterValue":"****"}')"'],
        "Outputs":[{"OutputKey":"MigrateFunction","OutputValue":"migrate-1"},{"OutputKey":"Url","OutputValue":"https://chat"},{"OutputKey":"WebBucket","OutputValue":"web"},{"OutputKey":"WebDistribution","OutputValue":"E1"}]}]}' ;;
*get-account-settings*) echo '{"AccountLimit":{"UnreservedConcurrentExecutions":'"$([ -e small ] && echo 209 || echo 210)"'}}' ;;
*get-template*) echo '{"TemplateBody":"Resources: before"}' ;;
*invoke*) for file; do last=$file; [ "$last" = --region ] && break; answer=$file; done
    echo '{"applied":[]}' > "$answer"
    if [ -e broken ]; then echo '{"FunctionError":"Unhandled"}'; else echo '{"StatusCode":200}'; fi ;;
esac
"#;

const SAM: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    [ "$1" = --template-file ] && template=$2
    [ "$1" = --parameter-overrides ] && { shift; overrides=$*; break; }
    shift
done
cd "$(dirname "$0")"
touch deployed
if grep -q '^Resources: before' "$template"; then what=before; else what=new; fi
echo "sam deploy $what $overrides" >> calls
"#;

/// Parts of the `aws` calls that change something.
const WRITES: [&str; 4] = ["update-", "invoke", "s3 cp", "create-"];

/// Some files of the web bucket.
fn pages() -> Vec<Page> {
    ["desk.html", "index.html", "icon.svg", "assets/a.js"]
        .map(|key| Page { key: key.to_owned(), file: Path::new("/tmp").join(key) })
        .to_vec()
}

struct Folder(TempDir);

impl Folder {
    fn new(marks: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("aws", AWS), ("sam", SAM)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for mark in marks {
            fs::write(folder.path().join(mark), "").unwrap();
        }
        Self(folder)
    }

    fn stack(&self) -> Stack {
        let program = |name: &str| Path::new(self.0.path()).join(name);
        Stack { programs: [program("aws"), program("sam")], ..Stack::new("dev", "ap-northeast-2".to_owned()) }
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.0.path().join("calls")).unwrap()
    }

    /// Returns the calls that change something, in order.
    fn changes(&self) -> Vec<String> {
        let calls = self.calls();
        let changes = calls
            .lines()
            .filter(|line| line.starts_with("sam") || WRITES.iter().any(|write| line.contains(write)));
        changes.map(|line| line.split(" --").next().unwrap_or_default().trim().to_owned()).collect()
    }
}

#[tokio::test]
async fn schema_is_migrated_before_the_code_is_deployed() {
    let folder = Folder::new(&["deployed"]);
    roll_out(&folder.stack(), &["Key=value".to_owned()], &pages(), async |_: &str| Ok(())).await.unwrap();
    assert_eq!(
        folder.changes(),
        [
            "aws lambda update-function-code",
            "aws lambda invoke",
            "sam deploy new Key=value",
            "aws lambda invoke",
            "aws s3 cp FILE s3://web/assets/a.js",
            "aws s3 cp FILE s3://web/icon.svg",
            "aws s3 cp FILE s3://web/desk.html",
            "aws s3 cp FILE s3://web/index.html",
            "aws cloudfront create-invalidation"
        ]
    );
}

#[tokio::test]
async fn hashed_files_are_cached_and_others_are_invalidated() {
    let folder = Folder::new(&["deployed"]);
    roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap();
    let calls = folder.calls();
    assert!(calls.contains("assets/a.js --content-type text/javascript; charset=utf-8 --cache-control public, max-age=31536000, immutable"), "{calls}");
    assert!(
        calls.contains("desk.html --content-type text/html; charset=utf-8 --cache-control no-cache"),
        "{calls}"
    );
    assert!(
        calls.contains("--distribution-id E1 --paths /icon.svg /desk.html /index.html --region"),
        "{calls}"
    );
}

#[tokio::test]
async fn first_deployment_migrates_after_the_code_is_deployed() {
    let folder = Folder::new(&[]);
    roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap();
    assert_eq!(folder.changes()[..2], ["sam deploy new", "aws lambda invoke"]);
}

#[tokio::test]
async fn failed_check_restores_the_previous_version_and_fails() {
    let folder = Folder::new(&["deployed"]);
    let tries = Cell::new(0);
    let check = async |url: &str| {
        assert_eq!(url, "https://chat");
        tries.set(tries.get() + 1);
        if tries.get() == 1 { Err(failure("no event came")) } else { Ok(()) }
    };
    let error = roll_out(&folder.stack(), &["Key=value".to_owned()], &pages(), check).await.unwrap_err();
    assert!(error.to_string().contains("no event came"), "{error}");
    assert!(error.to_string().ends_with("was restored"), "{error}");
    assert_eq!(
        folder.changes(),
        [
            "aws lambda update-function-code",
            "aws lambda invoke",
            "sam deploy new Key=value",
            "aws lambda invoke",
            "sam deploy before AlarmEmail=\"\" ConcurrencyLimits=\"off\""
        ]
    );
}

#[test]
fn distribution_secret_is_generated_if_the_stack_has_none() {
    let folder = Folder::new(&[]);
    let parameters = with_secret(&folder.stack(), "BackupDays=7").unwrap();
    let secret = parameters.strip_prefix("BackupDays=7 DistributionSecret=").unwrap();
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
    assert_ne!(with_secret(&folder.stack(), "BackupDays=7").unwrap(), parameters);
    assert_eq!(with_secret(&folder.stack(), "DistributionSecret=x").unwrap(), "DistributionSecret=x");

    let with_one = Folder::new(&["deployed", "secret"]);
    assert_eq!(with_secret(&with_one.stack(), "BackupDays=7").unwrap(), "BackupDays=7");
}

#[test]
fn concurrency_is_limited_if_the_account_allows_it_and_nothing_is_set() {
    let of = |marks: &[&str], parameters: &str| {
        with_limits(&Folder::new(marks).stack(), parameters).unwrap().trim().to_owned()
    };
    assert_eq!(of(&[], ""), "ConcurrencyLimits=on");
    assert_eq!(of(&["deployed"], "BackupDays=7"), "BackupDays=7 ConcurrencyLimits=on");
    assert_eq!(of(&["small"], ""), "", "110 connections, and 100 that stay unreserved");
    assert_eq!(of(&[], "DatabaseClass=db.t4g.small"), "DatabaseClass=db.t4g.small");
    assert_eq!(of(&[], "ConcurrencyLimits=off"), "ConcurrencyLimits=off");
    assert_eq!(of(&["deployed", "limits"], ""), "", "the stack keeps its value");
}

#[tokio::test]
async fn failed_migration_leaves_the_code_unchanged() {
    let folder = Folder::new(&["deployed", "broken"]);
    let error = roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap_err();
    assert!(error.to_string().starts_with("migrate-1 failed"), "{error}");
    assert_eq!(folder.changes(), ["aws lambda update-function-code", "aws lambda invoke"]);
}
