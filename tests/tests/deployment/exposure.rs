//! Nothing is reachable that should not be.

use serde_json::{Value, json};

use crate::stacks::{ALL, Deployment, WITH_ENDPOINTS, WITHOUT_DOMAIN, statements};

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
            let origin =
                &deployment.get("web.yaml", distribution).properties["DistributionConfig"]["Origins"][0];
            assert_eq!(origin["DomainName"], format!("{}.RegionalDomainName", bucket.id));
            assert!(origin["OriginAccessControlId"].is_string());
            assert!(all.iter().any(|one| one["Effect"] == "Deny"
                && one["Condition"] == json!({ "Bool": { "aws:SecureTransport": false } })));
        }
    }
}

#[test]
fn distributions_speak_https_alone() {
    for distribution in Deployment::of(WITHOUT_DOMAIN).of_kind("AWS::CloudFront::Distribution") {
        let behavior = &distribution.properties["DistributionConfig"]["DefaultCacheBehavior"];
        assert_eq!(behavior["ViewerProtocolPolicy"], "redirect-to-https", "{}", distribution.id);
    }
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

/// Whether a security group may call any IPv6 address.
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
