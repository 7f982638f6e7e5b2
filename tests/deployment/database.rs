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
fn database_is_private_encrypted_backed_up_and_observed() {
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
        assert_eq!(properties["EnablePerformanceInsights"], true);
        assert_eq!(properties["DatabaseInsightsMode"], "standard", "the other mode is charged");
        assert_eq!(number(&properties["PerformanceInsightsRetentionPeriod"]), 7, "seven days are free");
        assert_eq!(properties["VPCSecurityGroups"], Value::from(vec!["DatabaseGroup"]));
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        assert_eq!(settings["rds.force_ssl"], "1");
    }
}

#[test]
fn time_limits_grow_from_statement_to_function_to_integration() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
    let client_timeout = seconds("run.rs", "const STATEMENT_TIMEOUT");
    let statement = number(&settings["statement_timeout"]);
    assert!(client_timeout * 1000 < statement, "the code must time out before PostgreSQL, to log the reason");
    let idle = number(&settings["idle_in_transaction_session_timeout"]);
    for function in deployment.functions() {
        let timeout = number(&function.properties["Timeout"]) * 1000;
        assert!(statement < timeout && idle < timeout, "{}", function.id);
        // These four are not called by an API. The default time limit of API Gateway is 30 s
        // for HTTP and 29 s for WebSocket.
        if !matches!(function.id.as_str(), "Converse" | "Sweep" | "DeletePictures" | "Migrate") {
            assert!(timeout < 29_000, "{}", function.id);
        }
    }
    let integrations = deployment.of_kind("AWS::ApiGatewayV2::Integration");
    assert!(integrations.into_iter().all(|integration| integration.properties["TimeoutInMillis"].is_null()));
    let body = deployment.get("template.yaml", "HttpApi").properties["Body"].to_string();
    assert!(!body.contains("timeoutInMillis"));
}

/// The seconds of a constant in the store's code.
fn seconds(file: &str, constant: &str) -> u64 {
    let code = fs::read_to_string(root().join("shared/store/src").join(file)).unwrap();
    let value = code.split(&format!("{constant}: Duration = Duration::from_secs(")).nth(1).unwrap();
    value.split(')').next().unwrap().parse().unwrap()
}

#[test]
fn functions_replace_idle_connections_before_the_server_closes_them() {
    let replaced = seconds("idle.rs", "MAX_IDLE");
    for set in ALL {
        let deployment = Deployment::of(set);
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        let setting = |name: &str| number(&settings[name]);
        let limits = [
            setting("idle_session_timeout") / 1000,
            setting("tcp_user_timeout") / 1000,
            setting("tcp_keepalives_idle")
                + setting("tcp_keepalives_interval") * setting("tcp_keepalives_count"),
        ];
        // A statement can take five seconds after its connection was taken.
        assert!(limits.iter().all(|limit| replaced + 5 < *limit && *limit <= 60), "{limits:?}");
        for proxy in deployment.of_kind("AWS::RDS::DBProxy") {
            assert!(replaced + 5 < number(&proxy.properties["IdleClientTimeout"]));
        }
        assert!(setting("reserved_connections") > 0);
    }
    let doubtful = seconds("run.rs", "DOUBTFUL_TIMEOUT");
    let total =
        doubtful + seconds("connect.rs", "CONNECT_TIMEOUT") + seconds("run.rs", "const STATEMENT_TIMEOUT");
    assert!(total < 10, "a second attempt must end before the function's deadline");
}

#[test]
fn operators_are_audited_and_functions_are_not() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        assert!(settings["shared_preload_libraries"].as_str().unwrap().contains("pgaudit"));
        assert_eq!(settings["pgaudit.log"], "none");
        assert_eq!(number(&settings["pgaudit.log_parameter"]), 0);
        assert_eq!(number(&settings["log_connections"]), 1);
        let database = &deployment.only("AWS::RDS::DBInstance").properties;
        assert_eq!(database["EnableCloudwatchLogsExports"], Value::from(vec!["postgresql"]));
    }
}

#[test]
fn database_log_has_no_values_of_parameters() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        assert_eq!(number(&settings["log_parameter_max_length"]), 0);
        assert_eq!(number(&settings["log_parameter_max_length_on_error"]), 0);
        assert_eq!(settings["log_error_verbosity"], "terse");
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
        assert_eq!(without, ["Converse", "Unrouted"], "the functions without a database connection");
        let sum: u64 = deployment.functions().filter_map(|one| reserved(&one)).sum();
        let migrate = reserved(&deployment.get("template.yaml", "Migrate")).unwrap();
        let settings = &deployment.only("AWS::RDS::DBParameterGroup").properties["Parameters"];
        let connections = number(&settings["max_connections"]);
        // Ten are left for PostgreSQL itself, for operators and for Migrate. The functions' role
        // has a limit of the same number, and Migrate is the owner.
        assert!(sum - migrate + 10 <= connections, "{class}: {sum} of {connections} connections");
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
