//! Deployments with fake `aws` and `sam` programs that record their arguments.

use std::{cell::Cell, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use chatchat_harness::Page;
use tempfile::TempDir;

use super::{Stack, limits::with_limits, roll_out, with_secret};
use crate::failure;

/// A fake `aws`. The stack exists if the file `deployed` does, which the fake `sam deploy` creates.
///
/// A call of the function puts its result into the file `results`, which a second `receive-message`
/// returns. The number in the file `broken` is the call that fails; those before it succeed.
const AWS: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "aws $*" | sed 's|fileb://[^ ]*|FILE|g; s| /tmp/[^ ]*| FILE|g; s|invoke --invocation-type|invoke|' >> calls
case "$*" in
*describe-stacks*)
    if [ ! -e deployed ]; then echo "Stack with id chatchat-dev does not exist" >&2; exit 254; fi
    echo '{"Stacks":[{"StackStatus":"UPDATE_COMPLETE",
        "Parameters":[{"ParameterKey":"AlarmEmail","ParameterValue":""},{"ParameterKey":"Key","ParameterValue":"****"},{"ParameterKey":"ConcurrencyLimits","ParameterValue":"'"$([ -e limits ] && echo on || echo off)"'"}'"$([ -e secret ] && echo ',{"ParameterKey":"DistributionSecret","ParameterValue":"****"}')"'],
        "Outputs":[{"OutputKey":"MigrateFunction","OutputValue":"migrate-1"},{"OutputKey":"Url","OutputValue":"https://chat"},{"OutputKey":"WebBucket","OutputValue":"web"},{"OutputKey":"WebDistribution","OutputValue":"E1"}'"$([ -e old ] || echo ',{"OutputKey":"MigrationResults","OutputValue":"https://queue"}')"']}]}' ;;
*get-account-settings*) echo '{"AccountLimit":{"UnreservedConcurrentExecutions":'"$([ -e small ] && echo 209 || echo 210)"'}}' ;;
*get-template*) echo '{"TemplateBody":"Resources: before"}' ;;
*function-active-v2*) rm inactive ;;
*" invoke "*)
    if [ -e inactive ]; then echo "An error occurred (CodeArtifactUserPendingException) when calling the Invoke operation" >&2; exit 254; fi
    for file; do
        case $file in --region) break ;; fileb://*) event=$(cat "${file#fileb://}") ;; esac
        answer=$file
    done
    case $event in *warm*) echo '{"errorMessage":"unknown event"}' > "$answer"; echo '{"FunctionError":"Unhandled"}'; exit ;; esac
    echo "$event" >> events
    response='{"applied":[]}' condition=Success
    if [ "$(cat broken 2>/dev/null)" = "$(wc -l < events)" ]; then response='{"errorMessage":"V9 is broken"}' condition=RetriesExhausted; fi
    case "$*" in
    *Event*) : > "$answer"; echo '{"StatusCode":202}'
        result='{"requestPayload":'$event',"requestContext":{"condition":"'$condition'"},"responsePayload":'$response'}'
        echo '{"Body":"'"$(echo "$result" | sed 's/"/\\"/g')"'"}' > result ;;
    *) echo "$response" > "$answer"
        if [ $condition = Success ]; then echo '{"StatusCode":200}'; else echo '{"FunctionError":"Unhandled"}'; fi ;;
    esac ;;
*receive-message*)
    other='{"Body":"{\"requestPayload\":{\"id\":\"another call\"},\"requestContext\":{\"condition\":\"RetriesExhausted\"}}"}'
    if [ -e asked ]; then rm asked; echo '{"Messages":['"$other,$(cat result)"']}'; else touch asked; fi ;;
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
    /// Each mark is a file, with its text after `=`.
    fn new(marks: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("aws", AWS), ("sam", SAM)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for mark in marks {
            let (name, text) = mark.split_once('=').unwrap_or((mark, ""));
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn stack(&self) -> Stack {
        let program = |name: &str| Path::new(self.0.path()).join(name);
        Stack {
            programs: [program("aws"), program("sam")],
            pause: Duration::ZERO,
            ..Stack::new("dev", "ap-northeast-2".to_owned())
        }
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
            "aws lambda invoke RequestResponse",
            "aws lambda update-function-code",
            "aws lambda invoke Event",
            "sam deploy new Key=value",
            "aws lambda invoke Event",
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
    assert_eq!(folder.changes()[..2], ["sam deploy new", "aws lambda invoke Event"]);
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
            "aws lambda invoke RequestResponse",
            "aws lambda update-function-code",
            "aws lambda invoke Event",
            "sam deploy new Key=value",
            "aws lambda invoke Event",
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
    let folder = Folder::new(&["deployed", "broken=1"]);
    let error = roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap_err();
    let expected = r#"migrate-1 failed (RetriesExhausted): {"errorMessage":"V9 is broken"}"#;
    assert_eq!(error.to_string(), expected, "the error is that of the function");
    let changes = folder.changes();
    assert_eq!(changes[1..], ["aws lambda update-function-code", "aws lambda invoke Event"]);
}

#[tokio::test]
async fn failed_migration_of_the_new_code_restores_the_previous_version() {
    let folder = Folder::new(&["deployed", "broken=2"]);
    let checks = Cell::new(0);
    let check = async |_: &str| {
        checks.set(checks.get() + 1);
        Ok(())
    };
    let error = roll_out(&folder.stack(), &[], &pages(), check).await.unwrap_err();
    assert!(error.to_string().contains("V9 is broken"), "{error}");
    assert!(error.to_string().ends_with("was restored"), "{error}");
    let changes = folder.changes();
    assert_eq!(changes.last().unwrap(), "sam deploy before AlarmEmail=\"\" ConcurrencyLimits=\"off\"");
    assert_eq!(checks.get(), 1, "only the restored version is checked");
}

#[tokio::test]
async fn failed_migration_of_the_first_deployment_is_reported() {
    let folder = Folder::new(&["broken=1"]);
    let error = roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains("V9 is broken"), "{error}");
    assert_eq!(folder.changes(), ["sam deploy new", "aws lambda invoke Event"]);
}

#[tokio::test]
async fn inactive_function_is_called_again_when_it_is_active() {
    let folder = Folder::new(&["deployed", "inactive"]);
    roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap();
    let calls = folder.calls();
    let calls: Vec<_> = calls.lines().filter(|call| call.contains(" lambda ")).collect();
    let starts = [
        "aws lambda invoke RequestResponse",
        "aws lambda wait function-active-v2 --function-name migrate-1",
        "aws lambda invoke RequestResponse",
        "aws lambda update-function-code",
        "aws lambda wait function-updated-v2",
        "aws lambda invoke Event",
        "aws lambda invoke Event",
    ];
    assert_eq!(calls.len(), starts.len(), "{calls:#?}");
    assert!(calls.iter().zip(starts).all(|(call, start)| call.starts_with(start)), "{calls:#?}");
}

#[tokio::test]
async fn stack_without_a_queue_for_results_is_migrated_synchronously() {
    let folder = Folder::new(&["deployed", "old", "broken=1"]);
    let error = roll_out(&folder.stack(), &[], &pages(), async |_: &str| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains("V9 is broken"), "{error}");
    let call = "aws lambda invoke RequestResponse";
    assert_eq!(folder.changes(), [call, "aws lambda update-function-code", call]);
}
