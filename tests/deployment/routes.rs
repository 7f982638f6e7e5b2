//! Each route has one function, one integration and one permission. Nothing else may call a
//! function.

use std::collections::{BTreeMap, BTreeSet};

use chatchat_harness::root;
use chatchat_template::parse_yaml;
use serde_json::Value;

use crate::stacks::{Deployment, WITH_ENDPOINTS, WITHOUT_DOMAIN};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Returns the functions of the HTTP API's routes by method and path, from the API's body.
fn integrations(deployment: &Deployment) -> BTreeMap<(String, String), String> {
    let api = &deployment.get("template.yaml", "HttpApi").properties["Body"];
    let mut found = BTreeMap::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let integration = &operation["x-amazon-apigateway-integration"];
            assert_eq!(integration["payloadFormatVersion"], "2.0", "{method} {path}");
            let uri = integration["uri"].as_str().unwrap();
            let function =
                uri.split("functions/").nth(1).and_then(|rest| rest.strip_suffix(".Arn/invocations"));
            found.insert((method.clone(), path.clone()), function.unwrap().to_owned());
        }
    }
    found
}

/// Returns the principals and sources that may call each function.
fn permissions(deployment: &Deployment) -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for permission in deployment.of_kind("AWS::Lambda::Permission") {
        let text = |name: &str| permission.properties[name].as_str().unwrap().to_owned();
        assert_eq!(text("Action"), "lambda:InvokeFunction");
        let function = text("FunctionName").trim_end_matches(".Arn").to_owned();
        found.entry(function).or_default().push((text("Principal"), text("SourceArn")));
    }
    found
}

#[test]
fn each_route_has_one_function_integration_and_permission() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let text = std::fs::read_to_string(root().join("infra/openapi.yaml")).unwrap();
    let document = parse_yaml("infra/openapi.yaml", &text).unwrap();
    let (integrations, permissions) = (integrations(&deployment), permissions(&deployment));
    let (mut served, mut heads) = (BTreeSet::new(), 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS.into_iter().filter(|method| item.get(*method).is_some()) {
            let route = format!("{method} {path}");
            let function = integrations.get(&(method.to_owned(), path.clone()));
            let function = function.unwrap_or_else(|| panic!("{route} has no integration"));
            assert!(served.insert(function), "{route}: {function} serves another route too");
            let segments: Vec<_> =
                path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
            let head = integrations.get(&("head".to_owned(), path.clone())).filter(|_| method == "get");
            assert!(head.is_none_or(|head| head == function), "HEAD {path} has another function than GET");
            heads += usize::from(head.is_some());
            let mut expected: Vec<_> = [Some(method), head.map(|_| "head")]
                .into_iter()
                .flatten()
                .map(|method| {
                    let source = format!(
                        "arn:aws:execute-api:ap-northeast-2:123456789012:HttpApi/*/{}{}",
                        method.to_uppercase(),
                        segments.join("/")
                    );
                    ("apigateway.amazonaws.com".to_owned(), source)
                })
                .collect();
            let mut permissions = permissions[function.as_str()].clone();
            expected.sort_unstable();
            permissions.sort_unstable();
            assert_eq!(permissions, expected, "{route}");
        }
    }
    // The additional integration is `$default`, for all paths that are not documented.
    assert_eq!(integrations.len(), served.len() + heads + 1);
    assert_eq!(
        integrations[&("x-amazon-apigateway-any-method".to_owned(), "$default".to_owned())],
        "Unrouted"
    );
}

#[test]
fn each_action_has_a_route_and_a_permission_to_call_the_one_function() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let mut expected = BTreeSet::new();
    let routes: Vec<_> = deployment.of_kind("AWS::ApiGatewayV2::Route").collect();
    for route in &routes {
        let key = route.properties["RouteKey"].as_str().unwrap();
        let target = route.properties["Target"].as_str().unwrap().strip_prefix("integrations/").unwrap();
        let integration = &deployment.get("template.yaml", target).properties;
        assert_eq!(integration["IntegrationType"], "AWS_PROXY", "{key}");
        let uri = integration["IntegrationUri"].as_str().unwrap();
        let function = uri.split("functions/").nth(1).unwrap().strip_suffix(".Arn/invocations").unwrap();
        assert_eq!(function, "Realtime", "{key}");
        let source =
            format!("arn:aws:execute-api:ap-northeast-2:123456789012:RealtimeApi.ApiId/realtime/{key}");
        expected.insert(("apigateway.amazonaws.com".to_owned(), source));
    }
    assert_eq!((routes.len(), expected.len()), (7, 7));
    let granted = permissions(&deployment).remove("Realtime").unwrap();
    assert_eq!(granted.len(), 7);
    assert_eq!(BTreeSet::from_iter(granted), expected);
    assert_eq!(deployment.of_kind("AWS::ApiGatewayV2::Integration").count(), routes.len());
}

#[test]
fn each_function_has_one_caller_unless_operators_call_it() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let permissions = permissions(&deployment);
    for function in deployment.functions() {
        // API Gateway is one caller, also with a permission for each of several methods.
        let principals = permissions.get(&function.id).into_iter().flatten().map(|(principal, _)| principal);
        let callers = principals.collect::<BTreeSet<_>>().len();
        assert_eq!(
            callers,
            usize::from(!["Migrate", "Moderate"].contains(&function.id.as_str())),
            "{}",
            function.id
        );
    }
    for id in ["Sweep", "DeletePictures"] {
        assert_eq!(permissions[id], [("events.amazonaws.com".to_owned(), format!("{id}Every.Arn"))]);
    }
    let secrets = "secretsmanager.amazonaws.com".to_owned();
    assert_eq!(permissions["RotatePassword"], [(secrets, "FunctionsSecret".to_owned())]);
}

#[test]
fn both_apis_are_throttled_and_have_access_logs() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    for stage in ["HttpApiapiStage", "RealtimeApirealtimeStage"] {
        let stage = &deployment.get("template.yaml", stage).properties;
        let number =
            |name: &str| stage["DefaultRouteSettings"][name].as_str().and_then(|text| text.parse().ok());
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            assert!(matches!(number(limit), Some(1..=10_000)), "{limit}");
        }
        let log =
            stage["AccessLogSettings"]["DestinationArn"].as_str().unwrap().strip_suffix(".Arn").unwrap();
        assert!(!deployment.get("template.yaml", log).properties["RetentionInDays"].is_null());
        let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
        for secret in ["querystring", "path", "header", "body", "sourceIp"] {
            assert!(!format.contains(secret), "an access log contains {secret}");
        }
    }
}

/// Otherwise each route deploys the stage at the same time as the others, which fails by chance.
#[test]
fn stage_of_the_websocket_api_waits_for_all_routes() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let stage = deployment.get("template.yaml", "RealtimeApirealtimeStage");
    let awaited = stage.raw["DependsOn"].as_array().into_iter().flatten();
    let awaited: BTreeSet<_> = awaited.map(|id| id.as_str().unwrap()).collect();
    let routes = deployment.of_kind("AWS::ApiGatewayV2::Route").map(|route| route.id.as_str());
    assert_eq!(awaited, routes.collect());
}

#[test]
fn new_connections_have_a_separate_limit_below_that_of_the_account() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let stage = &deployment.get("template.yaml", "RealtimeApirealtimeStage").properties;
    let limits = &stage["RouteSettings"]["$connect"];
    for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
        let limit: u32 = limits[limit].as_str().unwrap().parse().unwrap();
        assert!(limit < 500, "{limit}");
    }
}

#[test]
fn routes_that_hash_passwords_have_lower_limits() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let stage = &deployment.get("template.yaml", "HttpApiapiStage").properties;
    let routes = stage["RouteSettings"].as_object().unwrap();
    let known: BTreeSet<_> = integrations(&deployment)
        .into_keys()
        .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
        .collect();
    for (route, settings) in routes {
        assert!(known.contains(route), "{route} is not a route of the API");
        assert!(settings["ThrottlingRateLimit"].as_u64().is_some_and(|rate| rate <= 10), "{route}");
    }
    let hashing = ["POST /customers", "POST /companies", "POST /customer/session", "POST /company/session"];
    assert!(hashing.iter().all(|route| routes.contains_key(*route)));
}

#[test]
fn cors_allows_only_the_configured_origins() {
    let deployment = Deployment::of(WITH_ENDPOINTS);
    let cors = &deployment.get("template.yaml", "HttpApi").properties["Body"]["x-amazon-apigateway-cors"];
    assert_eq!(cors["allowOrigins"], Value::from(vec!["http://localhost:5173"]));
    // SAM used to lose these settings when the origins were an intrinsic function of
    // CloudFormation.
    assert_eq!(cors["allowCredentials"], true);
    assert_eq!(cors["allowMethods"], Value::from(vec!["GET", "POST", "PUT", "PATCH", "DELETE"]));
    assert!(cors["allowHeaders"].as_array().unwrap().contains(&"authorization".into()));
    assert!(cors["exposeHeaders"].is_array() && cors["maxAge"].is_number());
}
