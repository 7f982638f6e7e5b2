//! The permissions of GitHub's workflows: `infra/github.yaml`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    policies::{allows, matches, permits, texts},
    stacks::{ALL, BY_GITHUB, Deployment, Set, WITHOUT_DOMAIN, statements},
};

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
const OTHER_CHANGES: [&str; 7] = [
    "iam:DeleteRole",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:PassRole",
    "iam:CreateServiceLinkedRole",
];

/// The action that creates a resource of a type, and the ARN of such a resource without `arn:aws:`.
/// `@` stands for the region and the account.
const CREATING: [(&str, &str, &str); 46] = [
    ("AWS::ApiGatewayV2::Api", "apigateway:POST", "apigateway:ap-northeast-2::/apis"),
    ("AWS::ApiGatewayV2::Integration", "apigateway:POST", "apigateway:ap-northeast-2::/apis/a1/integrations"),
    ("AWS::ApiGatewayV2::Route", "apigateway:POST", "apigateway:ap-northeast-2::/apis/a1/routes"),
    ("AWS::ApiGatewayV2::Stage", "apigateway:POST", "apigateway:ap-northeast-2::/apis/a1/stages"),
    ("AWS::Budgets::Budget", "budgets:ModifyBudget", "budgets::123456789012:budget/chatchat-dev"),
    (
        "AWS::CloudFront::CachePolicy",
        "cloudfront:CreateCachePolicy",
        "cloudfront::123456789012:cache-policy/*",
    ),
    (
        "AWS::CloudFront::Distribution",
        "cloudfront:CreateDistribution",
        "cloudfront::123456789012:distribution/*",
    ),
    ("AWS::CloudFront::Function", "cloudfront:CreateFunction", "cloudfront::123456789012:function/*"),
    (
        "AWS::CloudFront::OriginAccessControl",
        "cloudfront:CreateOriginAccessControl",
        "cloudfront::123456789012:origin-access-control/*",
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        "cloudfront:CreateResponseHeadersPolicy",
        "cloudfront::123456789012:response-headers-policy/*",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:@:alarm:chatchat-dev-Observability-A1-HttpFails-A1",
    ),
    (
        "AWS::CloudWatch::Dashboard",
        "cloudwatch:PutDashboard",
        "cloudwatch::123456789012:dashboard/chatchat-dev",
    ),
    (
        "AWS::EC2::EgressOnlyInternetGateway",
        "ec2:CreateEgressOnlyInternetGateway",
        "ec2:@:egress-only-internet-gateway/*",
    ),
    ("AWS::EC2::Route", "ec2:CreateRoute", "ec2:@:route-table/rtb-1"),
    ("AWS::EC2::RouteTable", "ec2:CreateRouteTable", "ec2:@:route-table/*"),
    ("AWS::EC2::SecurityGroup", "ec2:CreateSecurityGroup", "ec2:@:security-group/*"),
    ("AWS::EC2::SecurityGroupEgress", "ec2:AuthorizeSecurityGroupEgress", "ec2:@:security-group/sg-1"),
    ("AWS::EC2::SecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress", "ec2:@:security-group/sg-1"),
    ("AWS::EC2::Subnet", "ec2:CreateSubnet", "ec2:@:subnet/*"),
    ("AWS::EC2::SubnetRouteTableAssociation", "ec2:AssociateRouteTable", "ec2:@:route-table/rtb-1"),
    ("AWS::EC2::VPC", "ec2:CreateVpc", "ec2:@:vpc/*"),
    ("AWS::EC2::VPCCidrBlock", "ec2:AssociateVpcCidrBlock", "ec2:@:vpc/vpc-1"),
    ("AWS::EC2::VPCEndpoint", "ec2:CreateVpcEndpoint", "ec2:@:vpc-endpoint/*"),
    ("AWS::Events::Rule", "events:PutRule", "events:@:rule/chatchat-dev-SweepRegularly-A1"),
    ("AWS::IAM::Role", "iam:CreateRole", "iam::123456789012:role/chatchat-dev-HealthRole-A1"),
    ("AWS::Lambda::EventInvokeConfig", "lambda:PutFunctionEventInvokeConfig", FUNCTION),
    ("AWS::Lambda::Function", "lambda:CreateFunction", FUNCTION),
    ("AWS::Lambda::Permission", "lambda:AddPermission", FUNCTION),
    (
        "AWS::Logs::LogGroup",
        "logs:CreateLogGroup",
        "logs:@:log-group:/chatchat/chatchat-dev/auth:log-stream:",
    ),
    (
        "AWS::Logs::MetricFilter",
        "logs:PutMetricFilter",
        "logs:@:log-group:/chatchat/chatchat-dev/auth:log-stream:",
    ),
    ("AWS::RDS::DBInstance", "rds:CreateDBInstance", INSTANCE),
    (
        "AWS::RDS::DBParameterGroup",
        "rds:CreateDBParameterGroup",
        "rds:@:pg:chatchat-dev-database-a1-settings-a1",
    ),
    ("AWS::RDS::DBProxy", "rds:CreateDBProxy", "rds:@:db-proxy:prx-1"),
    ("AWS::RDS::DBProxyTargetGroup", "rds:RegisterDBProxyTargets", "rds:@:target-group:prx-tg-1"),
    (
        "AWS::RDS::DBSubnetGroup",
        "rds:CreateDBSubnetGroup",
        "rds:@:subgrp:chatchat-dev-database-a1-subnets-a1",
    ),
    ("AWS::Route53::RecordSetGroup", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0123456789"),
    ("AWS::S3::Bucket", "s3:CreateBucket", "s3:::chatchat-dev-buckets-a1-webbucket-a1"),
    ("AWS::S3::BucketPolicy", "s3:PutBucketPolicy", "s3:::chatchat-dev-buckets-a1-webbucket-a1"),
    ("AWS::SNS::Subscription", "sns:Subscribe", "sns:@:chatchat-dev-Observability-A1-Topic-A1"),
    ("AWS::SNS::Topic", "sns:CreateTopic", "sns:@:chatchat-dev-Observability-A1-Topic-A1"),
    ("AWS::SNS::TopicPolicy", "sns:SetTopicAttributes", "sns:@:chatchat-dev-Observability-A1-Topic-A1"),
    ("AWS::SQS::Queue", "sqs:CreateQueue", QUEUE),
    ("AWS::SQS::QueuePolicy", "sqs:SetQueueAttributes", QUEUE),
    (
        "AWS::Scheduler::Schedule",
        "scheduler:CreateSchedule",
        "scheduler:@:schedule/default/chatchat-dev-SignUpCustomerWarm-A1",
    ),
    (
        "AWS::SecretsManager::RotationSchedule",
        "secretsmanager:RotateSecret",
        "secretsmanager:@:secret:FunctionsSecret-a1",
    ),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager:CreateSecret",
        "secretsmanager:@:secret:FunctionsSecret-a1",
    ),
];
const FUNCTION: &str = "lambda:@:function:chatchat-dev-Health-A1";
const INSTANCE: &str = "rds:@:db:chatchat-dev-database-a1-database-a1";
const QUEUE: &str = "sqs:@:chatchat-dev-MigrationResults-A1";
/// The other resources on which AWS authorizes an action, and the actions of a deployment
/// (`xtask/src/deploy/aws.rs`, SAM).
const NEEDED_TOO: [(&str, &str); 27] = [
    ("rds:CreateDBInstance", "rds:@:og:default:postgres-18"),
    ("rds:CreateDBInstance", "rds:@:pg:chatchat-dev-database-a1-settings-a1"),
    ("rds:CreateDBInstance", "rds:@:subgrp:chatchat-dev-database-a1-subnets-a1"),
    ("rds:RestoreDBInstanceFromDBSnapshot", "rds:@:og:default:postgres-18"),
    ("rds:RestoreDBInstanceFromDBSnapshot", "rds:@:snapshot:chatchat-then"),
    ("rds:ModifyDBInstance", "rds:@:og:default:postgres-18"),
    ("rds:RegisterDBProxyTargets", INSTANCE),
    ("route53:AssociateVPCWithHostedZone", "route53:::hostedzone/Z1AWS"),
    ("iam:AttachRolePolicy", ROLE),
    (
        "iam:CreateServiceLinkedRole",
        "iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
    ),
    ("iam:PassRole", ROLE),
    ("iam:PutRolePolicy", ROLE),
    ("iam:UpdateAssumeRolePolicy", ROLE),
    ("iam:UpdateRole", ROLE),
    ("cloudformation:CreateChangeSet", "cloudformation:@:stack/chatchat-dev/a1"),
    ("cloudformation:CreateChangeSet", "cloudformation:ap-northeast-2:aws:transform/Serverless-2016-10-31"),
    ("cloudformation:CreateStack", "cloudformation:@:stack/chatchat-dev-Database-A1/a1"),
    ("cloudformation:DescribeStacks", "cloudformation:@:stack/chatchat-dev/a1"),
    ("cloudformation:GetTemplate", "cloudformation:@:stack/chatchat-dev/a1"),
    ("cloudfront:CreateInvalidation", "cloudfront::123456789012:distribution/E1"),
    ("lambda:GetAccountSettings", "*"),
    ("lambda:GetFunction", FUNCTION),
    ("lambda:InvokeFunction", FUNCTION),
    ("lambda:UpdateFunctionCode", FUNCTION),
    ("s3:PutObject", "s3:::chatchat-dev-buckets-a1-webbucket-a1/desk/index.html"),
    ("s3:PutObject", "s3:::aws-sam-cli-managed-default-samclisourcebucket-a1/chatchat-dev/a1"),
    ("sqs:ReceiveMessage", QUEUE),
];
const ROLE: &str = "iam::123456789012:role/chatchat-dev-HealthRole-A1";
/// The values of the condition keys in a request that is as a deployment sends it.
const CONTEXT: [(&str, &str); 5] = [
    ("aws:ResourceTag/aws:cloudformation:stack-name", "chatchat-dev-Database-A1"),
    ("iam:AWSServiceName", "rds.amazonaws.com"),
    ("iam:PassedToService", "lambda.amazonaws.com"),
    ("iam:PermissionsBoundary", "Boundary"),
    ("iam:PolicyARN", "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"),
];

/// All statements of the role that the workflow assumes.
fn of_the_role() -> Vec<Value> {
    let stack = Deployment::of_file("github.yaml", DEV);
    let policies = stack.get("github.yaml", "DeployRole").properties["Policies"].clone();
    policies.as_array().unwrap().iter().flat_map(|policy| statements(&policy["PolicyDocument"])).collect()
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
    for set in ALL {
        for resource in &Deployment::of(set).resources {
            // github.yaml creates these three in place of the stack.
            let is_given = ["LogRole", "LogRoleIsSet", "FunctionBoundary"].contains(&resource.id.as_str());
            if is_given || resource.kind == "AWS::CloudFormation::Stack" {
                continue;
            }
            let Some((_, action, name)) = CREATING.iter().find(|(kind, ..)| *kind == resource.kind) else {
                panic!(
                    "{}: add the type and its permissions to infra/github.yaml and this test",
                    resource.kind
                );
            };
            assert!(permits(&all, action, name, &CONTEXT), "{} needs {action} on {name}", resource.kind);
        }
    }
    for (action, name) in NEEDED_TOO {
        assert!(permits(&all, action, name, &CONTEXT), "a deployment needs {action} on {name}");
    }
}

#[test]
fn role_can_change_nothing_of_another_stage() {
    let all = of_the_role();
    let named = CREATING.iter().map(|(_, action, name)| (*action, *name)).chain(NEEDED_TOO);
    let mut count = 0;
    for (action, name) in named.filter(|(action, name)| {
        // Actions that only show resources may show those of all stages.
        name.contains("chatchat-dev") && !action.contains(":Describe") && !action.contains(":Get")
    }) {
        let other = name.replace("chatchat-dev", "chatchat-prod");
        assert!(!permits(&all, action, &other, &CONTEXT), "{action} on {other}");
        count += 1;
    }
    assert!(count > 25, "{count}");
    for (action, name) in
        [("iam:CreateRole", ROLE), ("secretsmanager:DeleteSecret", "secretsmanager:@:secret:a")]
    {
        assert!(permits(&all, action, name, &CONTEXT), "{action}");
        assert!(!permits(&all, action, name, &[]), "{action} without the boundary or the tag");
    }
    let log_role = "iam::123456789012:role/chatchat-dev-LogRole-A1";
    assert!(!permits(&all, "iam:UpdateAssumeRolePolicy", log_role, &CONTEXT));
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
