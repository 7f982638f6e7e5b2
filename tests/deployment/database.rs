//! Protection of the database, and consistency of time limits and connection limits.

use std::fs;

use chatchat_harness::root;
use serde_json::Value;

use crate::stacks::{ALL, Deployment, WITHOUT_DOMAIN, expanded};

pub fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn database_is_private_encrypted_and_backed_up() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let database = deployment.only("AWS::RDS::DBInstance");
        let properties = &database.properties;
        assert_eq!(properties["PubliclyAccessible"], false);
        assert_eq!(properties["StorageEncrypted"], true);
        assert_eq!(properties["DeletionProtection"], "true");
        assert_eq!(properties["ManageMasterUserPassword"], true);
        assert!(properties["MasterUserPassword"].is_null());
        assert!(number(&properties["BackupRetentionPeriod"]) >= 7);
        assert_eq!(database.raw["DeletionPolicy"], "Snapshot");
        assert_eq!(database.raw["UpdateReplacePolicy"], "Snapshot");
        assert_eq!(properties["VPCSecurityGroups"], Value::from(vec!["DatabaseGroup"]));
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        assert_eq!(settings["rds.force_ssl"], "1");
    }
}

#[test]
fn time_limits_grow_from_statement_to_function_to_integration() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
    let code = fs::read_to_string(root().join("shared/store/src/run.rs")).unwrap();
    let client_timeout = code.split("STATEMENT_TIMEOUT: Duration = Duration::from_secs(").nth(1).unwrap();
    let client_timeout: u64 = client_timeout.split(')').next().unwrap().parse().unwrap();
    let statement = number(&settings["statement_timeout"]);
    assert!(client_timeout * 1000 < statement, "the code must time out before PostgreSQL, to log the reason");
    let idle = number(&settings["idle_in_transaction_session_timeout"]);
    for function in deployment.functions() {
        let timeout = number(&function.properties["Timeout"]) * 1000;
        assert!(statement < timeout && idle < timeout, "{}", function.id);
        // Sweep and Migrate are not called by an API. The default time limit of API Gateway is 30 s
        // for HTTP and 29 s for WebSocket.
        if !matches!(function.id.as_str(), "Sweep" | "Migrate") {
            assert!(timeout < 29_000, "{}", function.id);
        }
    }
    let integrations = deployment.of_kind("AWS::ApiGatewayV2::Integration");
    assert!(integrations.into_iter().all(|integration| integration.properties["TimeoutInMillis"].is_null()));
    let body = deployment.get("template.yaml", "HttpApi").properties["Body"].to_string();
    assert!(!body.contains("timeoutInMillis"));
}

#[test]
fn database_log_has_no_values_of_parameters() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        assert_eq!(number(&settings["log_parameter_max_length"]), 0);
        assert_eq!(number(&settings["log_parameter_max_length_on_error"]), 0);
    }
}

#[test]
fn concurrency_limits_fit_the_connections_of_the_database() {
    let classes = expanded("template.yaml")["Mappings"]["Databases"].as_object().unwrap();
    let allowed = &expanded("template.yaml")["Parameters"]["DatabaseClass"]["AllowedValues"];
    assert_eq!(allowed.as_array().unwrap().len(), classes.len());
    for class in ["db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large"] {
        let set: &'static [(&str, &str)] = vec![("ConcurrencyLimits", "on"), ("DatabaseClass", class)].leak();
        let deployment = Deployment::of(set);
        let reserved = |function: &&crate::stacks::Resource| {
            function.properties.get("ReservedConcurrentExecutions").map(number)
        };
        let without: Vec<_> =
            deployment.functions().filter(|one| reserved(one).is_none()).map(|one| one.id.as_str()).collect();
        assert_eq!(without, ["Unrouted"], "the only function without a database connection");
        let sum: u64 = deployment.functions().filter_map(|one| reserved(&one)).sum();
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        let connections = number(&settings["max_connections"]);
        // Ten are left for PostgreSQL itself and for operators.
        assert!(sum + 10 <= connections, "{class}: {sum} of {connections} connections");
        assert!(sum + 100 <= 1000, "{class}: {sum} does not fit the default limit of an account");
    }
}

#[test]
fn without_limits_no_concurrency_is_reserved() {
    for set in ALL {
        for function in Deployment::of(set).functions() {
            let reserved = function.properties.get("ReservedConcurrentExecutions");
            assert_eq!(
                reserved, None,
                "{}: a new account cannot reserve concurrency, and with a proxy it is not needed",
                function.id
            );
        }
    }
}
