//! What each function may do is what its code does; no policy says more than it says why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use chatchat_tests::root;
use serde_json::Value;

use crate::stacks::{ALL, Deployment, Resource, WITHOUT_DOMAIN, statements};

/// An action and what it is done to.
type Permission = (&'static str, &'static str);

/// A variable of the environment, the permission that belongs to it, and what in a route's code needs both.
const NEEDS: [(&str, Option<Permission>, &[&str]); 3] = [
    (
        "TOKEN_SECRET_ARN",
        Some(("secretsmanager:GetSecretValue", "TokenSecret")),
        &["caller::<", "caller()", "either_caller(", ".sign(", "successors("],
    ),
    (
        "WEBSOCKET_MANAGEMENT_URL",
        Some((
            "execute-api:ManageConnections",
            "arn:aws:execute-api:ap-northeast-2:123456789012:RealtimeApi/realtime/*/@connections/*",
        )),
        &[".delivery()"],
    ),
    ("PICTURES_BUCKET", Some(("s3:PutObject", "arn:aws:s3:::PictureBucket/pictures/*")), &[".bucket()"]),
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

/// A file of an artifact without its tests.
fn source(artifact: &str, module: &str) -> String {
    let path = root().join(format!("functions/{artifact}/src/{module}.rs"));
    fs::read_to_string(path).unwrap_or_default().split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The `module::function` pairs that a text names.
fn named(text: &str) -> Vec<(&str, &str)> {
    text.match_indices("::")
        .map(|(at, _)| {
            let before = text[..at].rsplit(|letter| !is_word(letter)).next().unwrap_or_default();
            let after = text[at + 2..].split(|letter| !is_word(letter)).next().unwrap_or_default();
            (before, after)
        })
        .collect()
}

/// The code of a handler: its file, and the functions of the artifact's other files that it names.
fn code(artifact: &str, handler: &str) -> String {
    let main = source(artifact, "main");
    let entry = main.lines().find_map(|line| line.trim().split_once(&format!(" {handler} => ")));
    let (kind, expression) = entry.unwrap_or_else(|| panic!("{artifact}: no handler {handler}"));
    let (module, _) = named(expression)[0];
    let mut code = source(artifact, module);
    assert!(!code.is_empty(), "{artifact}: {handler} is in no file");
    for (other, function) in named(&code.clone()).into_iter().filter(|(other, _)| *other != module) {
        let file = source(artifact, other);
        let body = file.split_once(&format!("fn {function}")).map_or("", |(_, rest)| rest);
        code.push_str(body.split("\n}\n").next().unwrap_or_default());
    }
    if expression.contains("answer(") {
        code.push_str(&source(artifact, "frame"));
    }
    if kind == "bare" { String::new() } else { code }
}

#[test]
fn a_function_has_the_variables_and_permissions_that_its_code_needs_and_no_others() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    for function in deployment.functions() {
        let handler = function.properties["Handler"].as_str().unwrap();
        let artifact = function.properties["Code"]["S3Key"].as_str().unwrap().strip_suffix(".zip").unwrap();
        let code = code(artifact, handler);
        let variables = function.properties["Environment"]["Variables"].as_object().unwrap();
        let mut expected = BTreeSet::new();
        let mut allow = |action: &str, resource: &str| {
            expected.insert((action.to_owned(), resource.to_owned()));
        };
        if !code.is_empty() {
            allow("secretsmanager:GetSecretValue", "Database.MasterUserSecret.SecretArn");
        }
        for (variable, permission, signs) in NEEDS {
            let needed = signs.iter().any(|sign| code.contains(sign));
            assert_eq!(variables.contains_key(variable), needed, "{}: {variable}", function.id);
            if let (true, Some((action, resource))) = (needed, permission) {
                allow(action, resource);
            }
        }
        if function.id == "Sweep" {
            allow("sqs:SendMessage", "SweepDeadLetters.Arn");
        }
        assert_eq!(allowed(&deployment, function), expected, "{}", function.id);
    }
}

#[test]
fn the_boundary_leaves_what_a_function_may_do_and_takes_the_rest_of_awss_policies() {
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
        assert!(beyond.is_empty(), "{} is given what the boundary takes away: {beyond:?}", function.id);
    }
    let logs = allowed_at_most.iter().filter(|(action, _)| action.starts_with("logs:"));
    assert!(logs.into_iter().all(|(_, resource)| resource.ends_with("log-group:/chatchat/chatchat/*")));
    assert!(!allowed_at_most.iter().any(|(action, _)| action == "logs:CreateLogGroup"));
}

/// Statements that allow something on everything, each with the reason.
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
fn nothing_is_allowed_on_everything_and_no_action_is_a_wildcard_without_a_reason() {
    let mut seen = BTreeMap::new();
    for set in ALL {
        for resource in &Deployment::of(set).resources {
            for document in documents(resource) {
                for statement in statements(document).iter().filter(|one| one["Effect"] == "Allow") {
                    let place = format!("{} {}: {statement}", resource.file, resource.id);
                    for action in statement["Action"].as_array().unwrap() {
                        assert!(!action.as_str().unwrap().contains('*'), "{place}");
                    }
                    if statement["Resource"].as_array().unwrap().contains(&"*".into()) {
                        seen.insert((resource.file.clone(), resource.id.clone()), place);
                    }
                }
            }
        }
    }
    for (file, id, _) in EVERYTHING {
        assert!(
            seen.remove(&(file.to_owned(), id.to_owned())).is_some(),
            "{file} {id} needs no reason any more"
        );
    }
    assert!(seen.is_empty(), "{seen:#?}");
}

#[test]
fn awss_own_policies_are_given_for_known_reasons_alone() {
    const FUNCTION: [&str; 2] = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    ];
    for set in ALL {
        for role in Deployment::of(set).of_kind("AWS::IAM::Role") {
            let managed = role.properties["ManagedPolicyArns"].as_array().cloned().unwrap_or_default();
            let expected: &[&str] = match role.id.as_str() {
                "LogRole" => &["arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
                "ProxyRole" => &[],
                _ => &FUNCTION,
            };
            assert_eq!(managed, expected, "{}", role.id);
        }
    }
}
