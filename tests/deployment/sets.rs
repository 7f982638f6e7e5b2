//! The seven sets of parameters: without a domain, with a domain, with a firewall, with the proxy,
//! with endpoints, without calls that keep functions warm, and as GitHub deploys.

use std::{collections::BTreeSet, fs};

use chatchat_domain::{ErrorCode, Language};
use chatchat_harness::root;
use serde_json::{Value, json};

use crate::stacks::{
    ALL, BY_GITHUB, Deployment, WITH_DOMAIN, WITH_ENDPOINTS, WITH_FIREWALL, WITH_PROXY, WITHOUT_DOMAIN,
    expanded,
};

const MANAGEMENT: &str = "https://RealtimeApi.execute-api.ap-northeast-2.amazonaws.com/realtime";

#[test]
fn each_set_is_within_the_limits_of_cloudformation() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for file in [
            "template.yaml",
            "network.yaml",
            "database.yaml",
            "buckets.yaml",
            "web.yaml",
            "observability.yaml",
        ] {
            let count = deployment.resources.iter().filter(|resource| resource.file == file).count();
            assert!((1..400).contains(&count), "{file}: {count} of 500 resources");
        }
        for function in deployment.functions() {
            assert_eq!(function.properties["Architectures"], json!(["arm64"]), "{}", function.id);
            assert_eq!(function.properties["Runtime"], "provided.al2023", "{}", function.id);
        }
    }
    let bytes = expanded("template.yaml").to_string().len();
    assert!(bytes < 1_000_000, "the expanded template has {bytes} bytes");
}

#[test]
fn all_parameters_but_the_generated_secret_have_defaults() {
    for (name, parameter) in expanded("template.yaml")["Parameters"].as_object().unwrap() {
        assert_eq!(parameter.get("Default").is_some(), name != "DistributionSecret", "{name}");
        assert!(parameter.get("Description").is_some(), "{name} has no description");
    }
}

#[test]
fn without_a_domain_the_origin_is_the_distributions_name() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    assert!(!deployment.resources.iter().any(|resource| resource.file == "domain.yaml"));
    let config = &deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"];
    assert!(config["Aliases"].is_null());
    assert_eq!(config["ViewerCertificate"], json!({ "CloudFrontDefaultCertificate": true }));
    assert_eq!(deployment.variable("LogOutCustomer", "ALLOWED_ORIGINS"), "");
    assert_eq!(deployment.variable("Realtime", "WEBSOCKET_MANAGEMENT_URL"), MANAGEMENT);
    assert_eq!(deployment.output("Url"), "https://Distribution.DomainName");
    assert_eq!(deployment.output("HttpUrl"), "https://HttpApi.execute-api.ap-northeast-2.amazonaws.com/api");
    let api = &deployment.get("template.yaml", "HttpApi").properties;
    assert!(api["Body"]["x-amazon-apigateway-cors"].is_null(), "CORS is not needed with one origin");
    assert!(!api.to_string().contains("disableExecuteApiEndpoint"), "the API's own endpoint must work too");
}

#[test]
fn domain_adds_two_names_to_the_distribution_and_changes_nothing_else() {
    let deployment = Deployment::of(WITH_DOMAIN);
    let records = &deployment.only("AWS::Route53::RecordSetGroup").properties["RecordSets"];
    let mut names: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .inspect(|record| assert_eq!(record["AliasTarget"]["DNSName"], "Distribution.DomainName"))
        .map(|record| format!("{} {}", record["Name"].as_str().unwrap(), record["Type"].as_str().unwrap()))
        .collect();
    names.sort_unstable();
    let hosts = ["chat.example.com", "widget.chat.example.com"];
    let expected: Vec<_> =
        hosts.iter().flat_map(|host| [format!("{host} A"), format!("{host} AAAA")]).collect();
    assert_eq!(names, expected);
    let config = &deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"];
    assert_eq!(config["Aliases"], json!(hosts));
    assert_eq!(config["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021");
    let certificate = config["ViewerCertificate"]["AcmCertificateArn"].as_str().unwrap();
    assert!(certificate.starts_with("arn:aws:acm:us-east-1:"), "CloudFront requires this region");
    assert_eq!(deployment.output("Url"), "https://chat.example.com");

    let usual = Deployment::of(WITHOUT_DOMAIN);
    assert_eq!(deployment.output("HttpUrl"), usual.output("HttpUrl"));
    let canary = |deployment: &Deployment| deployment.variable("Converse", "CANARY_ORIGIN");
    assert_eq!(
        [canary(&usual), canary(&deployment)],
        [usual.output("Url"), deployment.output("Url")].map(Clone::clone)
    );
    for function in deployment.functions().filter(|function| function.id != "Converse") {
        let same = &usual.get("template.yaml", &function.id).properties;
        assert_eq!(&function.properties, same, "{} must not depend on the domain", function.id);
    }
    let api = |deployment: &Deployment| deployment.get("template.yaml", "HttpApi").properties.clone();
    assert_eq!(api(&deployment), api(&usual));
}

#[test]
fn web_acl_is_attached_to_the_distribution_and_changes_nothing_else() {
    let config = |set| {
        let deployment = Deployment::of(set);
        deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"].clone()
    };
    let (usual, mut guarded) = (config(WITHOUT_DOMAIN), config(WITH_FIREWALL));
    assert_eq!(usual.get("WebACLId"), None, "without the parameter, there is no web ACL");
    let [(_, arn)] = WITH_FIREWALL else { panic!("the set has one parameter") };
    assert_eq!(guarded.as_object_mut().unwrap().remove("WebACLId"), Some(json!(arn)));
    assert_eq!(guarded, usual);
}

/// The web ACL is in a separate stack, because one for a distribution must be in us-east-1.
#[test]
fn web_acl_limits_the_api_by_address_with_the_apis_error() {
    let acl = &expanded("firewall.yaml")["Resources"]["WebAcl"]["Properties"];
    assert_eq!(acl["Scope"], "CLOUDFRONT");
    assert_eq!(acl["DefaultAction"], json!({ "Allow": {} }));
    let default = |name: &str| expanded("firewall.yaml")["Parameters"][name]["Default"].as_u64().unwrap();
    let rules = acl["Rules"].as_array().unwrap();
    let names: Vec<_> = rules.iter().map(|rule| rule["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["costly-requests", "requests"]);
    for rule in rules {
        let rate = &rule["Statement"]["RateBasedStatement"];
        assert_eq!(rate["AggregateKeyType"], "IP");
        let window = rate["EvaluationWindowSec"].as_u64().unwrap();
        let answer = &rule["Action"]["Block"]["CustomResponse"];
        assert_eq!(answer["ResponseCode"], 429);
        let headers = answer["ResponseHeaders"].as_array().unwrap();
        let header = |name: &str| headers.iter().find(|one| one["Name"] == name).unwrap()["Value"].clone();
        assert_eq!(header("retry-after"), window.to_string());
        assert_eq!(header("cache-control"), "no-store");
        let body = &acl["CustomResponseBodies"][answer["CustomResponseBodyKey"].as_str().unwrap()];
        assert_eq!(body["ContentType"], "APPLICATION_JSON");
        let body: Value = serde_json::from_str(body["Content"].as_str().unwrap()).unwrap();
        let code = ErrorCode::TooManyRequests;
        assert_eq!(body, json!({ "code": code.as_str(), "message": code.message(Language::Korean) }));
        for visibility in [&rule["VisibilityConfig"], &acl["VisibilityConfig"]] {
            assert_eq!(visibility["CloudWatchMetricsEnabled"], true);
            assert_eq!(visibility["SampledRequestsEnabled"], false, "samples contain tokens");
        }
    }
    // One address cannot use up what API Gateway accepts from all callers.
    let all = expanded("template.yaml")["Parameters"]["HttpRate"]["Default"].as_u64().unwrap();
    assert!(default("RequestsPerMinute") < all * 60 / 2);
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let stage = &deployment.get("template.yaml", "HttpApiapiStage").properties;
    let costly = stage["RouteSettings"].as_object().unwrap();
    for (route, settings) in costly {
        let rate = settings["ThrottlingRateLimit"].as_u64().unwrap();
        assert!(default("CostlyRequestsPerMinute") < rate * 60 / 2, "{route}");
    }
    let posts: BTreeSet<_> = costly.keys().filter_map(|route| route.strip_prefix("POST /")).collect();
    let scope = &rules[0]["Statement"]["RateBasedStatement"]["ScopeDownStatement"].to_string();
    let (_, paths) = scope.split_once("^/api/(").unwrap();
    let (paths, _) = paths.split_once(")$").unwrap();
    assert_eq!(paths.split('|').collect::<BTreeSet<_>>(), posts);
}

#[test]
fn with_the_proxy_functions_connect_only_through_it() {
    let deployment = Deployment::of(WITH_PROXY);
    let proxy = deployment.only("AWS::RDS::DBProxy");
    assert_eq!(proxy.properties["RequireTLS"], true);
    assert_eq!(proxy.properties["VpcSecurityGroupIds"], json!(["ProxyGroup"]));
    let secrets: Vec<_> =
        proxy.properties["Auth"].as_array().unwrap().iter().map(|auth| &auth["SecretArn"]).collect();
    assert_eq!(secrets, ["FunctionsSecret", "Database.MasterUserSecret.SecretArn"]);
    assert_eq!(deployment.variable("Health", "DATABASE_HOST"), "Proxy.Endpoint");
    assert!(deployment.find("observability.yaml", "ProxyIsPinned").is_some());
    let usual = Deployment::of(WITHOUT_DOMAIN);
    assert_eq!(usual.variable("Health", "DATABASE_HOST"), "Database.Endpoint.Address");
    assert_eq!(usual.of_kind("AWS::RDS::DBProxy").count(), 0);
    assert!(usual.find("observability.yaml", "ProxyIsPinned").is_none());
}

#[test]
fn with_endpoints_secrets_are_read_through_an_endpoint() {
    let deployment = Deployment::of(WITH_ENDPOINTS);
    let endpoint = &deployment.get("network.yaml", "SecretsEndpoint").properties;
    assert_eq!(endpoint["PrivateDnsEnabled"], true);
    assert_eq!(endpoint["SubnetIds"], json!(["SubnetA", "SubnetB"]));
    assert_eq!(endpoint["ServiceName"], "com.amazonaws.ap-northeast-2.secretsmanager");
    // There is no endpoint for execute-api: its private DNS would hide the public API from the
    // functions that push.
    let endpoints: Vec<_> = deployment.of_kind("AWS::EC2::VPCEndpoint").map(|one| one.id.as_str()).collect();
    assert_eq!(endpoints, ["S3Endpoint", "SecretsEndpoint"]);
    assert!(Deployment::of(WITHOUT_DOMAIN).find("network.yaml", "SecretsEndpoint").is_none());
}

#[test]
fn subnets_are_in_the_given_zones_or_in_the_first_two() {
    for (set, zones) in
        [(BY_GITHUB, ["ap-northeast-2a", "ap-northeast-2c"]), (WITHOUT_DOMAIN, ["zone-a", "zone-b"])]
    {
        let deployment = Deployment::of(set);
        let zone = |id| deployment.get("network.yaml", id).properties["AvailabilityZone"].clone();
        assert_eq!([zone("SubnetA"), zone("SubnetB")], zones);
    }
}

#[test]
fn samconfig_sets_only_parameters_of_the_template() {
    let known = expanded("template.yaml")["Parameters"].as_object().unwrap();
    let config = fs::read_to_string(root().join("infra/samconfig.toml")).unwrap();
    let settings =
        config.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")?.split_once('='));
    let mut count = 0;
    for (name, value) in settings {
        let parameter = known.get(name).unwrap_or_else(|| panic!("template.yaml has no parameter {name}"));
        if let Some(allowed) = parameter["AllowedValues"].as_array() {
            let texts = allowed.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            assert!(texts.into_iter().any(|one| one == value), "{name}={value}");
        }
        count += 1;
    }
    assert!(count >= 6, "only {count} parameters were found in samconfig.toml");
    assert!(config.contains("[dev.deploy.parameters]") && config.contains("[prod.deploy.parameters]"));
}
