//! Nothing is reachable that should not be.

use serde_json::{Value, json};

use crate::{
    database::number,
    stacks::{ALL, Deployment, WITH_ENDPOINTS, WITHOUT_DOMAIN, expanded, statements},
};

#[test]
fn no_bucket_is_public_and_only_its_distribution_reads_it() {
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
            let [allow] = allows[..] else { panic!("{}: one is let in", bucket.id) };
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

/// The behaviors of the one distribution, by path pattern; the default one is `*`.
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
            // A request to an API is not redirected: its body and its token went out in the clear already.
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
fn the_apis_get_the_viewers_headers_without_its_host_and_nothing_is_cached() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let config = &deployment.only("AWS::CloudFront::Distribution").properties["DistributionConfig"];
    for (pattern, behavior) in behaviors(&deployment) {
        let is_api = ["/api/*", "/realtime"].contains(&pattern.as_str());
        // AWS's policies AllViewerExceptHostHeader, CachingDisabled and CachingOptimized.
        let forwarded = is_api.then_some("b689b0a8-53d0-40ab-baf2-68738e2966ac");
        assert_eq!(behavior["OriginRequestPolicyId"].as_str(), forwarded, "{pattern}");
        let cached = if is_api {
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        } else {
            "658327ea-f89d-4fab-a63d-7e88639e58f6"
        };
        assert_eq!(behavior["CachePolicyId"], cached, "{pattern}");
    }
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
fn pages_run_only_their_own_code_and_pictures_none() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let policy = |id: &str| {
        let config = &deployment.get("web.yaml", id).properties["ResponseHeadersPolicyConfig"];
        let headers = config["SecurityHeadersConfig"].clone();
        assert_eq!(headers["ContentTypeOptions"]["Override"], true, "{id}");
        assert!(number(&headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"]) >= 31_536_000, "{id}");
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
    assert_eq!(policy("PictureHeaders"), "default-src 'none'; sandbox");
    assert!(!policy("DocumentHeaders").contains("http"));
    policy("ApiHeaders");
}

#[test]
fn nothing_comes_into_the_network_and_no_gateway_costs_anything() {
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
fn security_groups_let_in_other_groups_alone() {
    for set in ALL {
        let deployment = Deployment::of(set);
        for group in deployment.of_kind("AWS::EC2::SecurityGroup") {
            assert!(group.properties["SecurityGroupIngress"].is_null(), "{}", group.id);
            // Without a rule of its own, a group may call everybody.
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
fn descriptions_of_security_groups_have_the_characters_that_ec2_takes() {
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
        let taken =
            |letter: char| letter.is_ascii_alphanumeric() || "._-:/()#,@[]+=&;{}!$* ".contains(letter);
        assert!(text.len() < 256 && text.chars().all(taken), "{text}");
    }
}

/// Whether a security group may call any IPv6 address.
fn may_call_out(deployment: &Deployment, group: &str) -> bool {
    let inline = deployment.get("network.yaml", group).properties["SecurityGroupEgress"].clone();
    let apart = deployment
        .of_kind("AWS::EC2::SecurityGroupEgress")
        .filter(|rule| rule.properties["GroupId"] == group);
    let apart: Vec<Value> = apart.map(|rule| rule.properties.clone()).collect();
    inline.as_array().unwrap().iter().chain(&apart).any(|rule| rule["CidrIpv6"] == "::/0")
}

#[test]
fn with_endpoints_only_those_that_push_have_a_way_out() {
    let (usual, endpoints) = (Deployment::of(WITHOUT_DOMAIN), Deployment::of(WITH_ENDPOINTS));
    assert!(may_call_out(&usual, "FunctionGroup") && may_call_out(&usual, "PushGroup"));
    assert!(!may_call_out(&endpoints, "FunctionGroup") && may_call_out(&endpoints, "PushGroup"));
    for function in endpoints.functions() {
        let pushes =
            function.properties["Environment"]["Variables"].get("WEBSOCKET_MANAGEMENT_URL").is_some();
        let groups = if pushes { json!(["FunctionGroup", "PushGroup"]) } else { json!(["FunctionGroup"]) };
        assert_eq!(function.properties["VpcConfig"]["SecurityGroupIds"], groups, "{}", function.id);
        assert_eq!(function.properties["VpcConfig"]["Ipv6AllowedForDualStack"], true, "{}", function.id);
    }
    assert_eq!(usual.get("template.yaml", "RealtimeApi").properties["IpAddressType"], "dualstack");
}
