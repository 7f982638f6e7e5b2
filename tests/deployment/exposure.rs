//! Resources are reachable only as intended.

use serde_json::{Value, json};

use crate::{
    database::number,
    stacks::{ALL, Deployment, WITH_ENDPOINTS, WITHOUT_DOMAIN, expanded, statements},
};

#[test]
fn buckets_are_private_and_only_the_distribution_reads_them() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for bucket in deployment.of_kind("AWS::S3::Bucket") {
            for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
            {
                assert_eq!(
                    bucket.properties["PublicAccessBlockConfiguration"][block], true,
                    "{}: {block}",
                    bucket.id
                );
            }
            assert!(bucket.properties["BucketEncryption"].is_object(), "{}", bucket.id);
            assert_eq!(bucket.raw["DeletionPolicy"], "RetainExceptOnCreate", "{}", bucket.id);
            let policies: Vec<_> = deployment
                .of_kind("AWS::S3::BucketPolicy")
                .filter(|policy| policy.properties["Bucket"] == bucket.id.as_str())
                .collect();
            let [policy] = policies[..] else { panic!("{} has {} policies", bucket.id, policies.len()) };
            let all = statements(&policy.properties["PolicyDocument"]);
            let allows: Vec<_> = all.iter().filter(|statement| statement["Effect"] == "Allow").collect();
            let [allow] = allows[..] else { panic!("{} has {} Allow statements", bucket.id, allows.len()) };
            assert_eq!(allow["Principal"], json!({ "Service": "cloudfront.amazonaws.com" }));
            assert_eq!(allow["Action"], json!(["s3:GetObject"]));
            let source = allow["Condition"]["StringEquals"]["AWS:SourceArn"].as_str().unwrap();
            let distribution = source.split("distribution/").nth(1).unwrap();
            let origins =
                &deployment.get("web.yaml", distribution).properties["DistributionConfig"]["Origins"];
            let domain = format!("{}.s3.ap-northeast-2.amazonaws.com", bucket.id);
            let origin = origins.as_array().unwrap().iter().find(|one| one["DomainName"] == domain.as_str());
            assert!(origin.unwrap()["OriginAccessControlId"].is_string());
            assert!(all.iter().any(|one| one["Effect"] == "Deny"
                && one["Condition"] == json!({ "Bool": { "aws:SecureTransport": false } })));
        }
    }
}

/// Returns the behaviors of the distribution with their path patterns; the default behavior is `*`.
fn behaviors(deployment: &Deployment) -> Vec<(String, Value)> {
    let config = &deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"];
    let listed = config["CacheBehaviors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|behavior| (behavior["PathPattern"].as_str().unwrap().to_owned(), behavior.clone()));
    listed.chain([("*".to_owned(), config["DefaultCacheBehavior"].clone())]).collect()
}

#[test]
fn one_distribution_serves_everything_over_https() {
    for set in ALL {
        let deployment = Deployment::of(set);
        let behaviors = behaviors(&deployment);
        let patterns: Vec<_> = behaviors
            .iter()
            .map(|(pattern, behavior)| (pattern.as_str(), behavior["TargetOriginId"].as_str().unwrap()))
            .collect();
        let expected = [
            ("/api/docs*", "pages"),
            ("/api/*", "api"),
            ("/realtime", "realtime"),
            ("/pictures/*", "pictures"),
            ("*", "pages"),
        ];
        assert_eq!(patterns, expected);
        for (pattern, behavior) in &behaviors {
            // The APIs reject unencrypted requests. A redirect would be too late, because the
            // request has already sent its token unencrypted.
            let https = if pattern.starts_with("/api/*") || pattern == "/realtime" {
                "https-only"
            } else {
                "redirect-to-https"
            };
            assert_eq!(behavior["ViewerProtocolPolicy"], https, "{pattern}");
        }
        for kind in ["AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping"] {
            assert_eq!(deployment.of_kind(kind).count(), 0, "{kind}");
        }
    }
}

#[test]
fn apis_get_all_headers_except_host_and_are_not_cached() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let config = &deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"];
    for (pattern, behavior) in behaviors(&deployment) {
        let is_api = ["/api/*", "/realtime"].contains(&pattern.as_str());
        // AWS's policies AllViewerExceptHostHeader, CachingDisabled and CachingOptimized.
        let forwarded = is_api.then_some("b689b0a8-53d0-40ab-baf2-68738e2966ac");
        assert_eq!(behavior["OriginRequestPolicyId"].as_str(), forwarded, "{pattern}");
        let cached = match pattern.as_str() {
            "/api/*" | "/realtime" => "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "/pictures/*" => "PictureCaching",
            _ => "658327ea-f89d-4fab-a63d-7e88639e58f6",
        };
        assert_eq!(behavior["CachePolicyId"], cached, "{pattern}");
    }
    let pictures = &deployment.get("web.yaml", "PictureCaching").properties["CachePolicyConfig"];
    assert_eq!((number(&pictures["MaxTTL"]), number(&pictures["DefaultTTL"])), (86_400, 86_400));
    for (id, api) in [("api", "HttpApi"), ("realtime", "RealtimeApi")] {
        let origins = config["Origins"].as_array().unwrap();
        let origin = origins.iter().find(|origin| origin["Id"] == id).unwrap();
        assert_eq!(origin["DomainName"], format!("{api}.execute-api.ap-northeast-2.amazonaws.com"));
        assert_eq!(origin["CustomOriginConfig"]["OriginProtocolPolicy"], "https-only");
        let secret = &deployment.variable("Health", "DISTRIBUTION_SECRET");
        let header = json!([{ "HeaderName": "chatchat-distribution-secret", "HeaderValue": secret }]);
        assert_eq!(origin["OriginCustomHeaders"], header, "{id}");
    }
    for file in ["template.yaml", "web.yaml"] {
        assert_eq!(expanded(file)["Parameters"]["DistributionSecret"]["NoEcho"], true, "{file}");
    }
}

#[test]
fn pages_run_only_their_own_code_and_pictures_run_no_code() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let policy = |id: &str| {
        let config = &deployment.get("web.yaml", id).properties["ResponseHeadersPolicyConfig"];
        let headers = config["SecurityHeadersConfig"].clone();
        assert_eq!(headers["ContentTypeOptions"]["Override"], true, "{id}");
        let hsts = &headers["StrictTransportSecurity"];
        assert!(number(&hsts["AccessControlMaxAgeSec"]) >= 31_536_000, "{id}");
        assert_eq!(hsts["IncludeSubdomains"], "true", "{id}");
        headers["ContentSecurityPolicy"]["ContentSecurityPolicy"].as_str().unwrap_or_default().to_owned()
    };
    let pages = policy("PageHeaders");
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(pages.split("; ").any(|one| one == directive), "{directive} is not in {pages}");
    }
    assert!(!pages.contains("unsafe") && !pages.contains("http"), "{pages}");
    assert_eq!(policy("PictureHeaders"), "default-src 'none'; frame-ancestors 'none'; sandbox");
    assert!(!policy("DocumentHeaders").contains("http"));
    assert_eq!(policy("ApiHeaders"), "default-src 'none'; frame-ancestors 'none'");
    let policies: Vec<_> = behaviors(&deployment)
        .into_iter()
        .map(|(_, behavior)| behavior["ResponseHeadersPolicyId"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(policies, ["DocumentHeaders", "ApiHeaders", "ApiHeaders", "PictureHeaders", "PageHeaders"]);
}

#[test]
fn network_has_no_internet_gateway_nat_or_public_address() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for kind in ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"] {
            assert_eq!(deployment.of_kind(kind).count(), 0, "{kind}");
        }
        for subnet in deployment.of_kind("AWS::EC2::Subnet") {
            assert_ne!(subnet.properties["MapPublicIpOnLaunch"], true, "{}", subnet.id);
            assert!(subnet.properties["Ipv6CidrBlock"].is_string(), "{}", subnet.id);
        }
        for route in deployment.of_kind("AWS::EC2::Route") {
            assert!(route.properties["EgressOnlyInternetGatewayId"].is_string(), "{}", route.id);
        }
    }
}

#[test]
fn security_groups_allow_ingress_only_from_groups() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for group in deployment.of_kind("AWS::EC2::SecurityGroup") {
            assert!(group.properties["SecurityGroupIngress"].is_null(), "{}", group.id);
            // Without egress rules, a group allows all egress.
            assert!(group.properties["SecurityGroupEgress"].is_array(), "{}", group.id);
        }
        for rule in deployment.of_kind("AWS::EC2::SecurityGroupIngress") {
            assert!(rule.properties["SourceSecurityGroupId"].is_string(), "{}", rule.id);
            assert!(
                rule.properties["CidrIp"].is_null() && rule.properties["CidrIpv6"].is_null(),
                "{}",
                rule.id
            );
        }
    }
}

#[test]
fn security_group_descriptions_have_only_characters_allowed_by_ec2() {
    fn descriptions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| descriptions(item, found)),
            Value::Object(entries) => {
                for (name, value) in entries {
                    if ["Description", "GroupDescription"].contains(&name.as_str()) {
                        found.push(value.as_str().unwrap());
                    }
                    descriptions(value, found);
                }
            }
            _ => {}
        }
    }
    let deployment = Deployment::of(WITH_ENDPOINTS);
    let mut found = Vec::new();
    for resource in deployment.resources.iter().filter(|one| one.kind.starts_with("AWS::EC2::SecurityGroup"))
    {
        descriptions(&resource.properties, &mut found);
    }
    assert!(found.len() > 10, "{found:?}");
    for text in found {
        let allowed =
            |letter: char| letter.is_ascii_alphanumeric() || "._-:/()#,@[]+=&;{}!$* ".contains(letter);
        assert!(text.len() < 256 && text.chars().all(allowed), "{text}");
    }
}

/// Returns whether a security group allows egress to all IPv6 addresses.
fn has_internet_egress(deployment: &Deployment, group: &str) -> bool {
    let inline = deployment.get("network.yaml", group).properties["SecurityGroupEgress"].clone();
    let separate = deployment
        .of_kind("AWS::EC2::SecurityGroupEgress")
        .filter(|rule| rule.properties["GroupId"] == group);
    let separate: Vec<Value> = separate.map(|rule| rule.properties.clone()).collect();
    inline.as_array().unwrap().iter().chain(&separate).any(|rule| rule["CidrIpv6"] == "::/0")
}

#[test]
fn with_endpoints_only_pushing_functions_have_internet_egress() {
    let (default, endpoints) = (Deployment::of(WITHOUT_DOMAIN), Deployment::of(WITH_ENDPOINTS));
    assert!(has_internet_egress(&default, "FunctionGroup") && has_internet_egress(&default, "PushGroup"));
    assert!(
        !has_internet_egress(&endpoints, "FunctionGroup") && has_internet_egress(&endpoints, "PushGroup")
    );
    for function in endpoints.functions() {
        // A client of the public address, without access to anything in the VPC.
        if function.id == "Converse" {
            assert!(function.properties["VpcConfig"].is_null());
            continue;
        }
        let pushes =
            function.properties["Environment"]["Variables"].get("WEBSOCKET_MANAGEMENT_URL").is_some();
        let groups = if pushes { json!(["FunctionGroup", "PushGroup"]) } else { json!(["FunctionGroup"]) };
        assert_eq!(function.properties["VpcConfig"]["SecurityGroupIds"], groups, "{}", function.id);
        assert_eq!(function.properties["VpcConfig"]["Ipv6AllowedForDualStack"], true, "{}", function.id);
    }
    assert_eq!(default.get("template.yaml", "RealtimeApi").properties["IpAddressType"], "dualstack");
}
