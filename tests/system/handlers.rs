//! The handlers of each artifact are those that the template names.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use chatchat_harness::{build_functions, describe, root};
use chatchat_local::program;
use chatchat_template::Template;

#[test]
fn artifacts_have_the_handlers_that_the_template_names() {
    let folder = build_functions().unwrap();
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in Template::read(&root().join("infra/template.yaml")).unwrap().functions().unwrap() {
        named.entry(function.artifact).or_default().insert(function.handler);
    }
    assert!(named.len() >= 5);
    for (artifact, handlers) in named {
        let described = describe(&folder, &artifact).unwrap();
        let known: BTreeSet<_> = described.into_iter().map(|handler| handler.name).collect();
        assert_eq!(known, handlers, "{artifact}");
    }
}

/// Runs a handler of `realtime` with only these variables, and returns what it logs.
fn failed_start(handler: &str, variables: &[(&str, &str)]) -> String {
    let folder = build_functions().unwrap();
    let mut realtime = Command::new(program(&folder, "realtime"));
    realtime.env_clear().env("_HANDLER", handler).envs(variables.iter().copied());
    let output = realtime.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn unknown_handler_fails_the_start_and_logs_the_known_ones() {
    let log = failed_start("no_such_handler", &[]);
    assert!(log.contains("no_such_handler") && log.contains("create_ticket, realtime"), "{log}");
}

#[test]
fn missing_variable_ends_the_start_and_is_named() {
    let variables = [
        ("DATABASE_PORT", "5432"),
        ("DATABASE_HOST", "localhost"),
        ("DATABASE_NAME", "chatchat"),
        ("DATABASE_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:a"),
        ("WEBSOCKET_MANAGEMENT_URL", "https://a.execute-api.eu-west-1.amazonaws.com/realtime"),
    ];
    for (handler, missing) in [
        ("realtime", "WEBSOCKET_MANAGEMENT_URL"),
        ("realtime", "DATABASE_SECRET_ARN"),
        ("create_ticket", "TOKEN_SECRET_ARN"),
    ] {
        let variables: Vec<_> = variables.into_iter().filter(|(name, _)| *name != missing).collect();
        let log = failed_start(handler, &variables);
        assert!(log.contains(&format!("the environment variable {missing} is not set")), "{log}");
    }
}
