//! Four deployments: without a domain, with one, with the proxy, and with endpoints.

use std::fs;

use chatchat_tests::root;
use serde_json::json;

use crate::stacks::{ALL, Deployment, WITH_DOMAIN, WITH_ENDPOINTS, WITH_PROXY, WITHOUT_DOMAIN, expanded};

const MANAGEMENT: &str = "https://RealtimeApi.execute-api.ap-northeast-2.amazonaws.com/live";

#[test]
fn each_set_is_well_within_cloudformations_limits() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for file in ["template.yaml", "network.yaml", "database.yaml", "web.yaml", "observability.yaml"] {
            let count = deployment.resources.iter().filter(|resource| resource.file == file).count();
            assert!((1..400).contains(&count), "{file}: {count} of 500 resources");
        }
        for function in deployment.functions() {
            assert_eq!(function.properties["Architectures"], json!(["arm64"]), "{}", function.id);
            assert_eq!(function.properties["Runtime"], "provided.al2023", "{}", function.id);
        }
    }
    let bytes = expanded("template.yaml").to_string().len();
    assert!(bytes < 1_000_000, "the expansion has {bytes} bytes");
}

#[test]
fn the_first_deployment_needs_no_parameter() {
    for (name, parameter) in expanded("template.yaml")["Parameters"].as_object().unwrap() {
        assert!(parameter.get("Default").is_some(), "{name} has no default");
        assert!(parameter.get("Description").is_some(), "{name} is not described");
    }
}

#[test]
fn without_a_domain_awss_own_names_are_used() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    assert!(!deployment.resources.iter().any(|resource| resource.file == "domain.yaml"));
    for distribution in deployment.of_kind("AWS::CloudFront::Distribution") {
        let config = &distribution.properties["DistributionConfig"];
        assert!(config["Aliases"].is_null(), "{}", distribution.id);
        assert_eq!(config["ViewerCertificate"], json!({ "CloudFrontDefaultCertificate": true }));
    }
    assert_eq!(deployment.variable("RefreshCustomer", "ALLOWED_ORIGINS"), "https://Web.DomainName");
    assert_eq!(deployment.variable("OwnCompanyProfile", "PICTURES_URL"), "https://Pictures.DomainName");
    assert_eq!(deployment.variable("SendMessageFrame", "WEBSOCKET_MANAGEMENT_URL"), MANAGEMENT);
    let websocket = MANAGEMENT.replace("https:", "wss:");
    assert_eq!(deployment.variable("CreateTicket", "WEBSOCKET_URL"), websocket.as_str());
    assert_eq!(deployment.output("RealtimeUrl"), websocket.as_str());
    assert_eq!(deployment.output("HttpUrl"), "https://HttpApi.execute-api.ap-northeast-2.amazonaws.com");
    let api = deployment.get("template.yaml", "HttpApi").properties.to_string();
    assert!(api.contains(r#""disableExecuteApiEndpoint":false"#));
}

#[test]
fn with_a_domain_all_names_are_one_site() {
    let deployment = Deployment::of(WITH_DOMAIN);
    let records = &deployment.only("AWS::Route53::RecordSetGroup").properties["RecordSets"];
    let mut names: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|record| format!("{} {}", record["Name"].as_str().unwrap(), record["Type"].as_str().unwrap()))
        .collect();
    names.sort_unstable();
    let hosts = [
        "api.chat.example.com",
        "chat.example.com",
        "pictures.chat.example.com",
        "realtime.chat.example.com",
    ];
    let expected: Vec<_> =
        hosts.iter().flat_map(|host| [format!("{host} A"), format!("{host} AAAA")]).collect();
    assert_eq!(names, expected);
    let mut aliases: Vec<_> = deployment
        .of_kind("AWS::CloudFront::Distribution")
        .map(|one| &one.properties["DistributionConfig"])
        .inspect(|config| {
            assert_eq!(config["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021");
            let certificate = config["ViewerCertificate"]["AcmCertificateArn"].as_str().unwrap();
            assert!(certificate.starts_with("arn:aws:acm:us-east-1:"), "CloudFront takes no other region's");
        })
        .map(|config| config["Aliases"][0].as_str().unwrap())
        .collect();
    aliases.sort_unstable();
    assert_eq!(aliases, ["chat.example.com", "pictures.chat.example.com"]);
    let mut mapped: Vec<_> = deployment
        .of_kind("AWS::ApiGatewayV2::ApiMapping")
        .map(|mapping| {
            (mapping.properties["ApiId"].as_str().unwrap(), mapping.properties["Stage"].as_str().unwrap())
        })
        .collect();
    mapped.sort_unstable();
    // The stages, which Ref gives by name: the mapping waits for them.
    assert_eq!(
        mapped,
        [("HttpApi", "HttpApiApiGatewayDefaultStage"), ("RealtimeApi", "RealtimeApiliveStage")]
    );
    for name in deployment.of_kind("AWS::ApiGatewayV2::DomainName") {
        let configuration = &name.properties["DomainNameConfigurations"][0];
        assert_eq!(configuration["SecurityPolicy"], "TLS_1_2", "{}", name.id);
        assert_eq!(configuration["CertificateArn"], "Certificate", "{}", name.id);
    }
    assert_eq!(deployment.variable("RefreshCustomer", "ALLOWED_ORIGINS"), "https://chat.example.com");
    assert_eq!(deployment.variable("OwnCompanyProfile", "PICTURES_URL"), "https://pictures.chat.example.com");
    assert_eq!(deployment.variable("CreateTicket", "WEBSOCKET_URL"), "wss://realtime.chat.example.com");
    // The management API is on API Gateway's own name in any case.
    assert_eq!(deployment.variable("SendMessageFrame", "WEBSOCKET_MANAGEMENT_URL"), MANAGEMENT);
    assert_eq!(deployment.output("HttpUrl"), "https://api.chat.example.com");
    let api = deployment.get("template.yaml", "HttpApi").properties.to_string();
    assert!(api.contains(r#""disableExecuteApiEndpoint":true"#));
    let policy = deployment.get("web.yaml", "WebHeaders").properties.to_string();
    assert!(
        policy.contains("connect-src 'self' https://api.chat.example.com wss://realtime.chat.example.com;")
    );
}

#[test]
fn with_the_proxy_the_functions_reach_the_database_through_it_alone() {
    let deployment = Deployment::of(WITH_PROXY);
    let proxy = deployment.only("AWS::RDS::DBProxy");
    assert_eq!(proxy.properties["RequireTLS"], true);
    assert_eq!(proxy.properties["VpcSecurityGroupIds"], json!(["ProxyGroup"]));
    assert_eq!(proxy.properties["Auth"][0]["SecretArn"], "Database.MasterUserSecret.SecretArn");
    assert_eq!(deployment.variable("Health", "DATABASE_HOST"), "Proxy.Endpoint");
    assert!(deployment.find("observability.yaml", "ProxyIsPinned").is_some());
    let usual = Deployment::of(WITHOUT_DOMAIN);
    assert_eq!(usual.variable("Health", "DATABASE_HOST"), "Database.Endpoint.Address");
    assert_eq!(usual.of_kind("AWS::RDS::DBProxy").count(), 0);
    assert!(usual.find("observability.yaml", "ProxyIsPinned").is_none());
}

#[test]
fn with_endpoints_secrets_are_reached_without_leaving_the_network() {
    let deployment = Deployment::of(WITH_ENDPOINTS);
    let endpoint = &deployment.get("network.yaml", "SecretsEndpoint").properties;
    assert_eq!(endpoint["PrivateDnsEnabled"], true);
    assert_eq!(endpoint["SubnetIds"], json!(["SubnetA", "SubnetB"]));
    assert_eq!(endpoint["ServiceName"], "com.amazonaws.ap-northeast-2.secretsmanager");
    // An endpoint for execute-api would take the API's own name from the functions that push.
    let endpoints: Vec<_> = deployment.of_kind("AWS::EC2::VPCEndpoint").map(|one| one.id.as_str()).collect();
    assert_eq!(endpoints, ["S3Endpoint", "SecretsEndpoint"]);
    assert!(Deployment::of(WITHOUT_DOMAIN).find("network.yaml", "SecretsEndpoint").is_none());
}

#[test]
fn further_origins_stand_beside_the_web_clients_own() {
    let deployment = Deployment::of(WITH_ENDPOINTS);
    let cors = &deployment.get("template.yaml", "HttpApi").properties["Body"]["x-amazon-apigateway-cors"];
    assert_eq!(cors["allowOrigins"], json!(["https://Web.DomainName", "http://localhost:5173"]));
    let listed = deployment.variable("Connect", "ALLOWED_ORIGINS");
    assert_eq!(listed, "https://Web.DomainName,http://localhost:5173");
}

#[test]
fn what_a_deployment_is_told_are_parameters_that_there_are() {
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
    assert!(count >= 6, "the settings of dev and prod are found");
    assert!(config.contains("[dev.deploy.parameters]") && config.contains("[prod.deploy.parameters]"));
}
