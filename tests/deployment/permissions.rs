//! Each function has exactly the permissions that its handler needs, and each broad policy has a
//! reason.

use std::collections::{BTreeMap, BTreeSet};

use chatchat_harness::{DescribedHandler, build_functions, describe};
use serde_json::{Value, json};

use crate::stacks::{ALL, Deployment, Resource, WITHOUT_DOMAIN, statements};

/// What a handler can need, with the environment variable and the permissions that go with it:
/// actions and their resource. The variables of the database are global.
const NEEDS: [(&str, Option<&str>, &[&str], &str); 8] = [
    ("database", None, &["secretsmanager:GetSecretValue"], "FunctionsSecret"),
    (
        "databaseOwner",
        Some("DATABASE_OWNER_SECRET_ARN"),
        &["secretsmanager:GetSecretValue"],
        "Database.MasterUserSecret.SecretArn",
    ),
    (
        "rotation",
        None,
        &["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
        "FunctionsSecret",
    ),
    ("signingKeys", Some("TOKEN_SECRET_ARN"), &["secretsmanager:GetSecretValue"], "TokenSecret"),
    ("pseudonymKey", Some("PSEUDONYM_SECRET_ARN"), &["secretsmanager:GetSecretValue"], "PseudonymSecret"),
    (
        "connections",
        Some("WEBSOCKET_MANAGEMENT_URL"),
        &["execute-api:ManageConnections"],
        "arn:aws:execute-api:ap-northeast-2:123456789012:RealtimeApi/realtime/*/@connections/*",
    ),
    ("pictureUploads", Some("PICTURES_BUCKET"), &["s3:PutObject"], "arn:aws:s3:::PictureBucket/pictures/*"),
    (
        "pictureDeletions",
        Some("PICTURES_BUCKET"),
        &["s3:DeleteObject"],
        "arn:aws:s3:::PictureBucket/pictures/*",
    ),
];

/// The permissions of a function's role beside AWS's two policies: pairs of action and resource.
fn allowed(deployment: &Deployment, function: &Resource) -> BTreeSet<(String, String)> {
    let role = function.properties["Role"].as_str().unwrap().strip_suffix(".Arn").unwrap();
    let role = &deployment.get("template.yaml", role).properties;
    let mut allowed = BTreeSet::new();
    for policy in role["Policies"].as_array().into_iter().flatten() {
        for statement in statements(&policy["PolicyDocument"]) {
            assert_eq!(statement["Effect"], "Allow");
            for action in statement["Action"].as_array().unwrap() {
                for resource in statement["Resource"].as_array().unwrap() {
                    let text = |value: &Value| value.as_str().unwrap().to_owned();
                    allowed.insert((text(action), text(resource)));
                }
            }
        }
    }
    allowed
}

#[test]
fn functions_have_the_variables_and_permissions_they_need() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let programs = build_functions().unwrap();
    let mut described: BTreeMap<String, Vec<DescribedHandler>> = BTreeMap::new();
    for function in deployment.functions() {
        let name = function.properties["Handler"].as_str().unwrap();
        let artifact = function.properties["Code"]["S3Key"].as_str().unwrap().strip_suffix(".zip").unwrap();
        let handlers =
            described.entry(artifact.to_owned()).or_insert_with(|| describe(&programs, artifact).unwrap());
        let handler = handlers.iter().find(|handler| handler.name == name);
        let needs = &handler.unwrap_or_else(|| panic!("{artifact} has no handler {name}")).needs;
        let variables = function.properties["Environment"]["Variables"].as_object().unwrap();
        let mut expected = BTreeSet::new();
        let mut allow = |action: &str, resource: &str| {
            expected.insert((action.to_owned(), resource.to_owned()));
        };
        for need in needs {
            assert!(NEEDS.iter().any(|(known, ..)| known == need), "{}: unknown need {need}", function.id);
        }
        let is_needed = |need: &str| needs.iter().any(|one| one == need);
        for (_, variable, ..) in NEEDS {
            let Some(variable) = variable else { continue };
            let has_need = NEEDS.iter().any(|(need, of, ..)| *of == Some(variable) && is_needed(need));
            assert_eq!(variables.contains_key(variable), has_need, "{}: {variable}", function.id);
        }
        for (_, _, actions, resource) in NEEDS.iter().filter(|(need, ..)| is_needed(need)) {
            actions.iter().for_each(|action| allow(action, resource));
        }
        // One request reads all secrets of a start.
        if ["database", "signingKeys", "pseudonymKey"].into_iter().filter(|need| is_needed(need)).count() > 1
        {
            allow("secretsmanager:BatchGetSecretValue", "*");
        }
        if ["Sweep", "DeletePictures"].contains(&function.id.as_str()) {
            allow("sqs:SendMessage", "SweepDeadLetters.Arn");
        }
        if function.id == "Migrate" {
            allow("sqs:SendMessage", "MigrationResults.Arn");
        }
        assert_eq!(allowed(&deployment, function), expected, "{}", function.id);
    }
}

#[test]
fn only_migrate_connects_as_the_owner_and_only_the_rotation_changes_the_secret() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let who = |wanted: &str, of: &str| -> Vec<&str> {
        let may = |function: &&Resource| {
            allowed(&deployment, function).iter().any(|(action, on)| action == wanted && on == of)
        };
        deployment.functions().filter(may).map(|function| function.id.as_str()).collect()
    };
    assert_eq!(who("secretsmanager:GetSecretValue", "Database.MasterUserSecret.SecretArn"), ["Migrate"]);
    assert_eq!(who("secretsmanager:PutSecretValue", "FunctionsSecret"), ["RotatePassword"]);
    // It is called with the permissions of the release before, and reads its secrets one by one.
    assert!(!who("secretsmanager:BatchGetSecretValue", "*").contains(&"Migrate"));
    assert_eq!(deployment.variable("Health", "DATABASE_SECRET_ARN"), "FunctionsSecret");
    let rotation = &deployment.only("AWS::SecretsManager::RotationSchedule").properties;
    assert_eq!(rotation["SecretId"], "FunctionsSecret");
    assert_eq!(rotation["RotationLambdaARN"], "RotatePassword.Arn");
}

#[test]
fn boundary_allows_what_functions_need_and_no_more() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let boundary = &deployment.get("template.yaml", "FunctionBoundary").properties["PolicyDocument"];
    let allowed_at_most: BTreeSet<_> = statements(boundary)
        .iter()
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| {
            let texts = |name: &str| -> Vec<String> {
                statement[name]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one.as_str().unwrap().to_owned())
                    .collect()
            };
            let resources = texts("Resource");
            texts("Action").into_iter().flat_map(move |action| {
                resources.clone().into_iter().map(move |resource| (action.clone(), resource))
            })
        })
        .collect();
    for function in deployment.functions() {
        let role = function.properties["Role"].as_str().unwrap().strip_suffix(".Arn").unwrap();
        let role = &deployment.get("template.yaml", role).properties;
        assert_eq!(role["PermissionsBoundary"], "FunctionBoundary", "{}", function.id);
        let beyond: Vec<_> = allowed(&deployment, function).difference(&allowed_at_most).cloned().collect();
        assert!(beyond.is_empty(), "{} has permissions that its boundary denies: {beyond:?}", function.id);
    }
    let logs = allowed_at_most.iter().filter(|(action, _)| action.starts_with("logs:"));
    assert!(logs.into_iter().all(|(_, resource)| resource.ends_with("log-group:/chatchat/chatchat/*")));
    assert!(!allowed_at_most.iter().any(|(action, _)| action == "logs:CreateLogGroup"));
}

/// An action that has no resource. Secrets Manager returns only secrets that the caller may read.
const WITHOUT_RESOURCE: &str = "secretsmanager:BatchGetSecretValue";

/// Statements that allow another action on all resources, each with its reason.
const EVERYTHING: [(&str, &str, &str); 3] = [
    (
        "template.yaml",
        "FunctionBoundary",
        "interfaces have no name before they exist; a denial keeps the code from them",
    ),
    ("network.yaml", "S3Endpoint", "the account's buckets alone, by condition; which, the role says"),
    ("network.yaml", "SecretsEndpoint", "the account's secrets alone, by condition; which, the role says"),
];

/// All policy documents of a resource.
fn documents(resource: &Resource) -> Vec<&Value> {
    let properties = &resource.properties;
    let inline =
        properties["Policies"].as_array().into_iter().flatten().map(|policy| &policy["PolicyDocument"]);
    inline.chain([&properties["PolicyDocument"]]).filter(|document| document.is_object()).collect()
}

#[test]
fn wildcards_have_a_reason() {
    let mut seen = BTreeMap::new();
    for set in ALL {
        for resource in &Deployment::of(set).resources {
            for document in documents(resource) {
                for statement in statements(document).iter().filter(|one| one["Effect"] == "Allow") {
                    let place = format!("{} {}: {statement}", resource.file, resource.id);
                    for action in statement["Action"].as_array().unwrap() {
                        assert!(!action.as_str().unwrap().contains('*'), "{place}");
                    }
                    let has_resource = statement["Action"] != json!([WITHOUT_RESOURCE]);
                    if has_resource && statement["Resource"].as_array().unwrap().contains(&"*".into()) {
                        seen.insert((resource.file.clone(), resource.id.clone()), place);
                    }
                }
            }
        }
    }
    for (file, id, _) in EVERYTHING {
        assert!(
            seen.remove(&(file.to_owned(), id.to_owned())).is_some(),
            "{file} {id} allows nothing on all resources, so its entry can go"
        );
    }
    assert!(seen.is_empty(), "{seen:#?}");
}

#[test]
fn managed_policies_are_the_known_ones() {
    const FUNCTION: [&str; 2] = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    ];
    for set in ALL {
        for role in Deployment::of(set).of_kind("AWS::IAM::Role") {
            let managed = role.properties["ManagedPolicyArns"].as_array().cloned().unwrap_or_default();
            let expected: &[&str] = match role.id.as_str() {
                "LogRole" => &["arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
                "ProxyRole" | "WarmRole" => &[],
                _ => &FUNCTION,
            };
            assert_eq!(managed, expected, "{}", role.id);
        }
    }
}
