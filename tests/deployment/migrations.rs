//! A deployment calls `Migrate` asynchronously, and finds the result in a queue.

use std::fs;

use chatchat_harness::root;

use crate::stacks::{Deployment, WITHOUT_DOMAIN};

#[test]
fn result_of_a_migration_is_sent_to_the_queue_that_the_stack_returns() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let config = &deployment.get("template.yaml", "MigrateEventInvokeConfig").properties;
    assert_eq!((&config["FunctionName"], &config["Qualifier"]), (&"Migrate".into(), &"$LATEST".into()));
    for outcome in ["OnSuccess", "OnFailure"] {
        assert_eq!(config["DestinationConfig"][outcome]["Destination"], "MigrationResults.Arn", "{outcome}");
    }
    assert_eq!(deployment.output("MigrationResults"), "MigrationResults");
    assert_eq!(deployment.output("MigrateFunction"), "Migrate");
}

#[test]
fn failed_migration_is_not_repeated_and_ends_before_the_deployment_gives_up() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let config = &deployment.get("template.yaml", "MigrateEventInvokeConfig").properties;
    assert_eq!(config["MaximumRetryAttempts"], 0);
    let timeout = deployment.get("template.yaml", "Migrate").properties["Timeout"].as_u64().unwrap();
    let longest = config["MaximumEventAgeInSeconds"].as_u64().unwrap() + timeout;
    let queue = &deployment.get("template.yaml", "MigrationResults").properties;
    let code = fs::read_to_string(root().join("xtask/src/deploy/migration.rs")).unwrap();
    let (_, limit) = code.split_once("const TIMEOUT: Duration = Duration::from_mins(").unwrap();
    let limit = limit.split_once(')').unwrap().0.parse::<u64>().unwrap() * 60;
    assert!(longest < limit && queue["MessageRetentionPeriod"].as_u64().unwrap() > longest);
}
