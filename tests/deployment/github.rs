//! The permissions of GitHub's workflows: `infra/github.yaml`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stacks::{ALL, BY_GITHUB, Deployment, Set, WITHOUT_DOMAIN, statements};

const DEV: Set = &[
    ("Stage", "dev"),
    ("Owner", "octocat"),
    ("OwnerId", "123456"),
    ("Repository", "my-repo"),
    ("RepositoryId", "456789"),
];
const WITHOUT_NUMBERS: Set = &[
    ("Stage", "prod"),
    ("Owner", "octocat"),
    ("Repository", "my-repo"),
    ("ProviderArn", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"),
];
/// The proxy has a role too.
const BY_GITHUB_WITH_PROXY: Set = &[BY_GITHUB[0], BY_GITHUB[1], ("UseProxy", "true")];
const ROLES: &str = "arn:aws:iam::123456789012:role/chatchat-dev-*";

/// Actions that change what a role may do.
const CHANGES_OF_PERMISSIONS: [&str; 6] = [
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
];
/// The other actions of IAM that the role may call.
const OTHER_CHANGES: [&str; 5] =
    ["iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:PassRole", "iam:CreateServiceLinkedRole"];

/// The action that creates a resource, by type.
const CREATING: [(&str, &str); 38] = [
    ("AWS::ApiGatewayV2::Api", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Integration", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Route", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Stage", "apigateway:POST"),
    ("AWS::CloudFront::CachePolicy", "cloudfront:CreateCachePolicy"),
    ("AWS::CloudFront::Distribution", "cloudfront:CreateDistribution"),
    ("AWS::CloudFront::Function", "cloudfront:CreateFunction"),
    ("AWS::CloudFront::OriginAccessControl", "cloudfront:CreateOriginAccessControl"),
    ("AWS::CloudFront::ResponseHeadersPolicy", "cloudfront:CreateResponseHeadersPolicy"),
    ("AWS::CloudWatch::Alarm", "cloudwatch:PutMetricAlarm"),
    ("AWS::CloudWatch::Dashboard", "cloudwatch:PutDashboard"),
    ("AWS::EC2::EgressOnlyInternetGateway", "ec2:CreateEgressOnlyInternetGateway"),
    ("AWS::EC2::Route", "ec2:CreateRoute"),
    ("AWS::EC2::RouteTable", "ec2:CreateRouteTable"),
    ("AWS::EC2::SecurityGroup", "ec2:CreateSecurityGroup"),
    ("AWS::EC2::SecurityGroupEgress", "ec2:AuthorizeSecurityGroupEgress"),
    ("AWS::EC2::SecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress"),
    ("AWS::EC2::Subnet", "ec2:CreateSubnet"),
    ("AWS::EC2::SubnetRouteTableAssociation", "ec2:AssociateRouteTable"),
    ("AWS::EC2::VPC", "ec2:CreateVpc"),
    ("AWS::EC2::VPCCidrBlock", "ec2:AssociateVpcCidrBlock"),
    ("AWS::EC2::VPCEndpoint", "ec2:CreateVpcEndpoint"),
    ("AWS::Events::Rule", "events:PutRule"),
    ("AWS::IAM::Role", "iam:CreateRole"),
    ("AWS::Lambda::Function", "lambda:CreateFunction"),
    ("AWS::Lambda::Permission", "lambda:AddPermission"),
    ("AWS::Logs::LogGroup", "logs:CreateLogGroup"),
    ("AWS::Logs::MetricFilter", "logs:PutMetricFilter"),
    ("AWS::RDS::DBInstance", "rds:CreateDBInstance"),
    ("AWS::RDS::DBParameterGroup", "rds:CreateDBParameterGroup"),
    ("AWS::RDS::DBProxy", "rds:CreateDBProxy"),
    ("AWS::RDS::DBProxyTargetGroup", "rds:RegisterDBProxyTargets"),
    ("AWS::RDS::DBSubnetGroup", "rds:CreateDBSubnetGroup"),
    ("AWS::Route53::RecordSetGroup", "route53:ChangeResourceRecordSets"),
    ("AWS::S3::Bucket", "s3:CreateBucket"),
    ("AWS::S3::BucketPolicy", "s3:PutBucketPolicy"),
    ("AWS::SNS::Topic", "sns:CreateTopic"),
    ("AWS::SNS::TopicPolicy", "sns:SetTopicAttributes"),
];
const CREATING_TOO: [(&str, &str); 8] = [
    ("AWS::Budgets::Budget", "budgets:ModifyBudget"),
    ("AWS::Lambda::EventInvokeConfig", "lambda:PutFunctionEventInvokeConfig"),
    ("AWS::SNS::Subscription", "sns:Subscribe"),
    ("AWS::SQS::Queue", "sqs:CreateQueue"),
    ("AWS::SQS::QueuePolicy", "sqs:SetQueueAttributes"),
    ("AWS::Scheduler::Schedule", "scheduler:CreateSchedule"),
    ("AWS::SecretsManager::RotationSchedule", "secretsmanager:RotateSecret"),
    ("AWS::SecretsManager::Secret", "secretsmanager:CreateSecret"),
];

/// All statements of the role that the workflow assumes.
fn of_the_role() -> Vec<Value> {
    let stack = Deployment::of_file("github.yaml", DEV);
    let policies = stack.get("github.yaml", "DeployRole").properties["Policies"].clone();
    policies.as_array().unwrap().iter().flat_map(|policy| statements(&policy["PolicyDocument"])).collect()
}

fn texts(statement: &Value, key: &str) -> Vec<String> {
    statement[key].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a pattern with `*` matches a text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| matches(rest, &text[at..]))
        }),
    }
}

fn allows(statement: &Value, action: &str) -> bool {
    statement["Effect"] == "Allow"
        && texts(statement, "Action").iter().any(|pattern| matches(pattern, action))
}

#[test]
fn only_the_environment_of_the_repository_can_assume_the_role() {
    for (set, subject, provider) in [
        (DEV, "repo:octocat@123456/my-repo@456789:environment:dev", json!("Provider")),
        (WITHOUT_NUMBERS, "repo:octocat/my-repo:environment:prod", json!(WITHOUT_NUMBERS[3].1)),
    ] {
        let stack = Deployment::of_file("github.yaml", set);
        let role = &stack.get("github.yaml", "DeployRole").properties;
        let trust = statements(&role["AssumeRolePolicyDocument"]);
        let [statement] = &trust[..] else { panic!("the trust policy has one statement") };
        assert_eq!(statement["Principal"], json!({ "Federated": provider }));
        assert_eq!(statement["Action"], json!(["sts:AssumeRoleWithWebIdentity"]));
        assert_eq!(
            statement["Condition"],
            json!({ "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": subject,
            } }),
            "every claim is compared as a whole"
        );
        assert_eq!(stack.find("github.yaml", "Provider").is_some(), provider == "Provider");
    }
}

#[test]
fn roles_change_only_with_the_boundary() {
    let mut changes = BTreeSet::new();
    for statement in of_the_role().iter().filter(|statement| statement["Effect"] == "Allow") {
        for action in texts(statement, "Action").iter().filter(|action| action.starts_with("iam:")) {
            if action.starts_with("iam:Get") || action.starts_with("iam:List") {
                continue;
            }
            assert!(!action.contains('*'), "{action} allows what is not listed here");
            let condition = &statement["Condition"]["StringEquals"];
            if CHANGES_OF_PERMISSIONS.contains(&action.as_str()) {
                assert_eq!(condition["iam:PermissionsBoundary"], "Boundary", "{action}");
                changes.insert(action.clone());
            } else {
                assert!(OTHER_CHANGES.contains(&action.as_str()), "{action} is not known to this test");
            }
            if action != "iam:CreateServiceLinkedRole" {
                assert_eq!(texts(statement, "Resource"), [ROLES], "{action}");
            }
            match action.as_str() {
                "iam:PassRole" => assert_eq!(
                    condition["iam:PassedToService"],
                    json!(["lambda.amazonaws.com", "rds.amazonaws.com", "scheduler.amazonaws.com"])
                ),
                "iam:CreateServiceLinkedRole" => assert!(condition["iam:AWSServiceName"].is_array()),
                _ => {}
            }
        }
    }
    assert_eq!(changes, CHANGES_OF_PERMISSIONS.map(str::to_owned).into());
}

#[test]
fn role_cannot_change_itself_its_boundary_or_remove_one() {
    let stack = Deployment::of_file("github.yaml", DEV);
    let name = |id: &str, property: &str| {
        stack.get("github.yaml", id).properties[property].as_str().unwrap().to_owned()
    };
    let own = [
        format!("arn:aws:iam::123456789012:role/{}", name("DeployRole", "RoleName")),
        format!("arn:aws:iam::123456789012:policy/{}", name("Boundary", "ManagedPolicyName")),
        "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com".to_owned(),
        "arn:aws:cloudformation:ap-northeast-2:123456789012:stack/chatchat-github-dev/1".to_owned(),
    ];
    let all = of_the_role();
    for arn in own {
        let allowed: Vec<_> = all
            .iter()
            .filter(|one| one["Effect"] == "Allow" && !texts(one, "Resource").contains(&"*".to_owned()))
            .filter(|one| texts(one, "Resource").iter().any(|pattern| matches(pattern, &arn)))
            .collect();
        assert!(allowed.is_empty(), "{arn}: {allowed:?}");
        let is_denied = all.iter().any(|one| {
            one["Effect"] == "Deny"
                && one["NotAction"] == json!(["iam:Get*", "iam:List*"])
                && texts(one, "Resource").iter().any(|pattern| matches(pattern, &arn))
        });
        assert!(is_denied, "{arn}");
    }
    let removal =
        all.iter().find(|one| texts(one, "Action") == ["iam:DeleteRolePermissionsBoundary"]).unwrap();
    assert_eq!((&removal["Effect"], &removal["Resource"]), (&json!("Deny"), &json!(["*"])));
    assert!(!all.iter().any(|one| allows(one, "secretsmanager:GetSecretValue")));
    assert!(!all.iter().any(|one| allows(one, "rds:ModifyDBSnapshotAttribute")));
}

#[test]
fn role_can_create_each_type_of_resource() {
    let all = of_the_role();
    let known: Vec<_> = CREATING.iter().chain(&CREATING_TOO).collect();
    for set in ALL {
        for resource in &Deployment::of(set).resources {
            // github.yaml creates these three in place of the stack.
            let is_given = ["LogRole", "LogRoleIsSet", "FunctionBoundary"].contains(&resource.id.as_str());
            if is_given || resource.kind == "AWS::CloudFormation::Stack" {
                continue;
            }
            let Some((_, action)) = known.iter().find(|(kind, _)| *kind == resource.kind) else {
                panic!(
                    "{}: add the type and its permissions to infra/github.yaml and this test",
                    resource.kind
                );
            };
            assert!(all.iter().any(|one| allows(one, action)), "{} needs {action}", resource.kind);
        }
    }
}

#[test]
fn stack_deployed_by_github_has_the_boundary_and_creates_no_policy() {
    let deployment = Deployment::of(BY_GITHUB_WITH_PROXY);
    assert_eq!(deployment.of_kind("AWS::IAM::ManagedPolicy").count(), 0);
    assert_eq!(deployment.of_kind("AWS::ApiGateway::Account").count(), 0);
    let attachable: BTreeSet<_> = of_the_role()
        .iter()
        .filter(|statement| allows(statement, "iam:AttachRolePolicy"))
        .flat_map(|statement| {
            statement["Condition"]["ArnEquals"]["iam:PolicyARN"].as_array().unwrap().clone()
        })
        .map(|arn| arn.as_str().unwrap().to_owned())
        .collect();
    let mut roles = 0;
    for role in deployment.of_kind("AWS::IAM::Role") {
        assert_eq!(role.properties["PermissionsBoundary"], BY_GITHUB[0].1, "{}", role.id);
        for policy in role.properties["ManagedPolicyArns"].as_array().into_iter().flatten() {
            assert!(attachable.contains(policy.as_str().unwrap()), "{}: {policy}", role.id);
        }
        roles += 1;
    }
    assert!(roles > 30, "{roles}");
}

/// Both boundaries allow the same actions and deny the same. That of GitHub is also the boundary of
/// the role with which schedules call functions.
#[test]
fn boundary_of_github_is_as_narrow_as_that_of_the_stack() {
    let github = Deployment::of_file("github.yaml", DEV);
    let stack = Deployment::of(WITHOUT_DOMAIN);
    let own = &github.get("github.yaml", "Boundary").properties["PolicyDocument"];
    let other = &stack.get("template.yaml", "FunctionBoundary").properties["PolicyDocument"];
    let actions = |document: &Value, effect: &str| -> BTreeSet<String> {
        let statements = statements(document).into_iter().filter(|one| one["Effect"] == effect);
        statements.flat_map(|statement| texts(&statement, "Action")).collect()
    };
    let mut expected = actions(other, "Allow");
    expected.insert("lambda:InvokeFunction".to_owned());
    assert_eq!(actions(own, "Allow"), expected);
    assert_eq!(actions(own, "Deny"), actions(other, "Deny"));
    let allowed = statements(own).into_iter().filter(|one| one["Effect"] == "Allow");
    for statement in allowed.filter(|one| texts(one, "Resource").contains(&"*".to_owned())) {
        let is_limited = statement["Condition"]["StringLike"]["aws:ResourceTag/aws:cloudformation:stack-name"]
            == json!(["chatchat-dev", "chatchat-dev-*"]);
        let has_no_resource = ["NetworkInterfaces", "SecretsTogether"].map(Value::from);
        assert!(is_limited || has_no_resource.contains(&statement["Sid"]), "{statement}");
    }
}

#[test]
fn policies_are_within_the_limits_of_iam() {
    let stack = Deployment::of_file("github.yaml", DEV);
    let policies = &stack.get("github.yaml", "DeployRole").properties["Policies"];
    let size: usize =
        policies.as_array().unwrap().iter().map(|one| one["PolicyDocument"].to_string().len()).sum();
    assert!(size < 10_240, "the role's policies have {size} characters");
    let size = stack.get("github.yaml", "Boundary").properties["PolicyDocument"].to_string().len();
    assert!(size < 6_144, "the boundary has {size} characters");
}
