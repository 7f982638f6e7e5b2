//! A deployment against command lines that only write down what they are asked.

use std::{cell::Cell, fs, os::unix::fs::PermissionsExt, path::Path};

use tempfile::TempDir;

use super::{Stack, bring};
use crate::failure;

/// AWS's command line: answers as one would where a stack is, or after the first `sam deploy` where none was.
const AWS: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "aws $*" | sed 's|fileb://[^ ]*|FILE|g; s| /[^ ]*| FILE|g' >> calls
case "$*" in
*describe-stacks*)
    if [ ! -e deployed ]; then echo "Stack with id chatchat-dev does not exist" >&2; exit 254; fi
    echo '{"Stacks":[{"StackStatus":"UPDATE_COMPLETE",
        "Parameters":[{"ParameterKey":"AlarmEmail","ParameterValue":""},{"ParameterKey":"Key","ParameterValue":"****"}],
        "Outputs":[{"OutputKey":"MigrateFunction","OutputValue":"migrate-1"},{"OutputKey":"HttpUrl","OutputValue":"https://api"},{"OutputKey":"WebUrl","OutputValue":"https://web"}]}]}' ;;
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

    /// The calls that change something, in their order.
    fn changes(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("calls")).unwrap();
        let changes = calls
            .lines()
            .filter(|line| line.starts_with("sam") || line.contains("update-") || line.contains("invoke"));
        changes.map(|line| line.split(" --").next().unwrap_or_default().trim().to_owned()).collect()
    }
}

#[tokio::test]
async fn the_schema_goes_ahead_of_the_code() {
    let folder = Folder::new(&["deployed"]);
    bring(&folder.stack(), &["Key=value".to_owned()], async |_: &str, _: &str| Ok(())).await.unwrap();
    assert_eq!(
        folder.changes(),
        [
            "aws lambda update-function-code",
            "aws lambda invoke",
            "sam deploy new Key=value",
            "aws lambda invoke"
        ]
    );
}

#[tokio::test]
async fn a_first_deployment_migrates_once_there_is_a_function_that_can() {
    let folder = Folder::new(&[]);
    bring(&folder.stack(), &[], async |_: &str, _: &str| Ok(())).await.unwrap();
    assert_eq!(folder.changes(), ["sam deploy new", "aws lambda invoke"]);
}

#[tokio::test]
async fn what_does_not_work_goes_back_to_what_was_there_and_counts_as_failed() {
    let folder = Folder::new(&["deployed"]);
    let tries = Cell::new(0);
    let check = async |url: &str, _: &str| {
        assert_eq!(url, "https://api");
        tries.set(tries.get() + 1);
        if tries.get() == 1 { Err(failure("no event came")) } else { Ok(()) }
    };
    let error = bring(&folder.stack(), &["Key=value".to_owned()], check).await.unwrap_err();
    assert!(error.to_string().contains("no event came"), "{error}");
    assert!(error.to_string().ends_with("is what it was"), "{error}");
    assert_eq!(
        folder.changes(),
        [
            "aws lambda update-function-code",
            "aws lambda invoke",
            "sam deploy new Key=value",
            "aws lambda invoke",
            "sam deploy before AlarmEmail=\"\""
        ]
    );
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_code_as_it_is() {
    let folder = Folder::new(&["deployed", "broken"]);
    let error = bring(&folder.stack(), &[], async |_: &str, _: &str| Ok(())).await.unwrap_err();
    assert!(error.to_string().starts_with("migrate-1 failed"), "{error}");
    assert_eq!(folder.changes(), ["aws lambda update-function-code", "aws lambda invoke"]);
}
