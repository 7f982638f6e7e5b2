//! Schedules call each function at least every seven days, and those of a page load every five
//! minutes.

use std::collections::BTreeMap;

use chatchat_harness::root;
use chatchat_template::Template;

use crate::stacks::{Deployment, WITHOUT_DOMAIN, WITHOUT_WARMING, statements};

/// The routes that a customer or a company waits for when it opens the app, logs in, opens a room
/// or asks a question of the FAQ.
const WAITED_FOR: [&str; 20] = [
    "POST /customers",
    "POST /customer/session",
    "POST /company/session",
    "POST /customer/token",
    "POST /company/token",
    "GET /customers/me",
    "GET /companies/me",
    "GET /companies",
    "GET /companies/{id}",
    "GET /company/auto-replies",
    "GET /auto-replies",
    "POST /auto-replies/{id}",
    "POST /customer/chatrooms",
    "GET /customer/chatrooms",
    "GET /company/chatrooms",
    "GET /customer/chatrooms/{id}",
    "GET /company/chatrooms/{id}",
    "GET /customer/chatrooms/{id}/messages",
    "GET /company/chatrooms/{id}/messages",
    "POST /realtime/tickets",
];

/// Returns the minutes between two warm events of each function. Checks the events.
fn warm_rates(deployment: &Deployment) -> BTreeMap<String, u64> {
    let mut rates = BTreeMap::new();
    for schedule in deployment.of_kind("AWS::Scheduler::Schedule") {
        let properties = &schedule.properties;
        let (target, id) = (&properties["Target"], &schedule.id);
        assert_eq!(target["Input"], r#"{"warm":true}"#, "{id}");
        assert_eq!(target["RoleArn"], "WarmRole.Arn", "{id}");
        assert!(properties["Name"].is_null(), "{id}: another stage in the account would have the same name");
        let rate = match properties["ScheduleExpression"].as_str().unwrap() {
            "rate(5 minutes)" => 5,
            "rate(7 days)" => 7 * 24 * 60,
            other => panic!("{id}: {other}"),
        };
        let function = target["Arn"].as_str().unwrap().strip_suffix(".Arn").unwrap();
        assert!(rates.insert(function.to_owned(), rate).is_none(), "{id}");
    }
    rates
}

#[test]
fn no_function_is_without_a_call_for_14_days() {
    for set in [WITHOUT_DOMAIN, WITHOUT_WARMING] {
        let deployment = Deployment::of(set);
        let rates = warm_rates(&deployment);
        for function in deployment.functions() {
            let arn = format!("{}.Arn", function.id);
            let has_rule = deployment
                .of_kind("AWS::Events::Rule")
                .into_iter()
                .any(|rule| rule.properties["Targets"][0]["Arn"] == arn);
            // Lambda makes only functions in a VPC inactive.
            let is_in_vpc = !function.properties["VpcConfig"].is_null();
            assert!(rates.contains_key(&function.id) || has_rule || !is_in_vpc, "{}", function.id);
        }
    }
}

#[test]
fn functions_of_a_page_load_are_kept_warm_unless_the_parameter_is_off() {
    let template = Template::read(&root().join("infra/template.yaml")).unwrap();
    let routes = template.http_routes().unwrap();
    let mut waited_for: Vec<_> = WAITED_FOR
        .iter()
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            let found = routes.iter().find(|route| route.method == method && route.path == path);
            found.unwrap_or_else(|| panic!("no function has the route {route}")).function.clone()
        })
        .chain(template.websocket_routes().unwrap().into_iter().map(|route| route.function))
        .collect();
    waited_for.sort_unstable();
    waited_for.dedup();
    let warmed = |set| -> Vec<String> {
        warm_rates(&Deployment::of(set))
            .into_iter()
            .filter(|(_, minutes)| *minutes == 5)
            .map(|(function, _)| function)
            .collect()
    };
    assert_eq!(warmed(WITHOUT_DOMAIN), waited_for);
    assert!(warmed(WITHOUT_WARMING).is_empty());
}

#[test]
fn scheduler_may_only_call_functions_of_this_stack() {
    let deployment = Deployment::of(WITHOUT_DOMAIN);
    let role = &deployment.get("template.yaml", "WarmRole").properties;
    let trust = statements(&role["AssumeRolePolicyDocument"]);
    assert_eq!(trust.len(), 1);
    assert_eq!(trust[0]["Principal"]["Service"], "scheduler.amazonaws.com");
    assert_eq!(trust[0]["Condition"]["StringEquals"]["aws:SourceAccount"], "123456789012");
    let allowed = statements(&role["Policies"][0]["PolicyDocument"]);
    assert_eq!((role["Policies"].as_array().unwrap().len(), allowed.len()), (1, 1));
    let functions = "arn:aws:lambda:ap-northeast-2:123456789012:function:chatchat-*";
    assert_eq!(allowed[0]["Action"], serde_json::json!(["lambda:InvokeFunction"]));
    assert_eq!(allowed[0]["Resource"], serde_json::json!([functions]));
}
