//! Reads a template that uses each feature of this crate.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use chatchat_template::{Cors, Lookup, Schedule, ScheduleSource, Template};
use serde_json::{Value, json};

const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: prod }
  Origins: { Type: CommaDelimitedList, Default: "https://a.example, https://b.example" }
  Size: { Type: Number, Default: 3 }
  Needed: { Type: String }
Conditions:
  Production: !Equals [!Ref Stage, prod]
  NotProduction: !Not [!Condition Production]
  Both: !And [!Condition Production, !Condition NotProduction]
  Either: !Or [!Condition Production, !Condition NotProduction]
Mappings:
  Sizes: { prod: { memory: 512 } }
Globals:
  Function:
    Handler: shared
    Timeout: 10
    Environment: { Variables: { SHARED: "1", STAGE: !Ref Stage } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: !Ref Origins, AllowMethods: [GET], MaxAge: 600, AllowCredentials: true }
  Sockets:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: !Ref Stage
      Routes:
        $connect: { FunctionArn: !GetAtt One.Arn }
        sendMessage: { FunctionArn: !Sub "${Two.Arn}", RouteResponseSelectionExpression: $default }
  One:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/messages/
      Handler: one
      MemorySize: 256
      ReservedConcurrentExecutions: !Ref Size
      Environment: { Variables: { OWN: !GetAtt Database.Endpoint.Address, SHARED: "2" } }
      Events:
        Get: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: get, Path: "/rooms/{id}" } }
        Rest: { Type: HttpApi, Properties: { ApiId: !Ref Api } }
        Nightly:
          Type: ScheduleV2
          Properties: { ScheduleExpression: rate(1 day), Name: nightly, State: DISABLED, DeadLetterConfig: { Arn: !GetAtt Unknown.Arn } }
        Often:
          Type: Schedule
          Properties: { Schedule: !Sub "rate(${Size} minutes)", Enabled: !If [NotProduction, true, false], Input: '{"why":"often"}' }
  Two:
    Type: AWS::Serverless::Function
    Condition: NotProduction
    Properties: { CodeUri: faq, Events: { Never: { Type: Schedule, Properties: { Schedule: rate(1 hour) } } } }
"#;

struct Local;

impl Lookup for Local {
    fn reference(&self, name: &str) -> Option<Value> {
        (name == "AWS::Region").then(|| json!("eu-west-1"))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        (resource == "Database").then(|| json!(attribute.to_lowercase()))
    }
}

fn template() -> Template {
    Template::parse(TEMPLATE).unwrap()
}

fn resolved(yaml: &str) -> Result<Value, String> {
    let holder =
        Template::parse(&format!("Resources: {{ It: {{ Type: T, Properties: {{ Value: {yaml} }} }} }}"))
            .unwrap();
    let value = holder.resources().unwrap()[0].properties["Value"].clone();
    template().resolve(&value, &Local).map_err(|error| error.to_string())
}

#[test]
fn function_properties_override_the_globals() {
    let functions = template().functions().unwrap();
    let [one, two] = functions.as_slice() else { panic!("two functions are expected") };
    assert_eq!(
        (one.handler.as_str(), one.artifact.as_str(), one.timeout, one.memory),
        ("one", "messages", 10, 256)
    );
    assert_eq!(one.environment["SHARED"], "2");
    assert_eq!(one.environment["OWN"], json!({ "Fn::GetAtt": ["Database", "Endpoint.Address"] }));
    assert_eq!(one.environment["STAGE"], json!({ "Ref": "Stage" }));
    assert_eq!(one.reserved_concurrency, Some(json!({ "Ref": "Size" })));
    assert_eq!((two.handler.as_str(), two.artifact.as_str(), two.memory), ("shared", "faq", 128));
}

#[test]
fn http_routes_come_from_http_events_only() {
    let keys: Vec<String> =
        template().http_routes().unwrap().iter().map(chatchat_template::HttpRoute::key).collect();
    assert_eq!(keys, ["GET /rooms/{id}", "$default"]);
}

#[test]
fn schedules_are_resolved_for_functions_that_exist() {
    let nightly = Schedule {
        function: "One".to_owned(),
        event: "Nightly".to_owned(),
        source: ScheduleSource::Scheduler,
        expression: "rate(1 day)".to_owned(),
        enabled: false,
        name: Some("nightly".to_owned()),
        input: None,
    };
    let often = Schedule {
        event: "Often".to_owned(),
        source: ScheduleSource::Rule,
        expression: "rate(3 minutes)".to_owned(),
        name: None,
        input: Some(r#"{"why":"often"}"#.to_owned()),
        ..nightly.clone()
    };
    assert_eq!(template().schedules(&Local).unwrap(), [nightly, often]);
}

#[test]
fn schedule_is_enabled_by_default() {
    for (properties, enabled) in [
        ("{ Schedule: rate(1 hour) }", true),
        ("{ Schedule: rate(1 hour), Enabled: true }", true),
        ("{ Schedule: rate(1 hour), Enabled: false }", false),
        ("{ Schedule: rate(1 hour), State: ENABLED }", true),
        ("{ Schedule: rate(1 hour), State: DISABLED }", false),
    ] {
        let text = format!(
            "Resources: {{ F: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ E: {{ Type: Schedule, Properties: {properties} }} }} }} }} }}"
        );
        let schedules = Template::parse(&text).unwrap().schedules(&Local).unwrap();
        assert_eq!(schedules[0].enabled, enabled, "{properties}");
    }
}

#[test]
fn schedule_without_expression_error_names_the_place() {
    let error = Template::parse(&TEMPLATE.replace("ScheduleExpression: rate(1 day), ", "")).unwrap();
    let error = error.schedules(&Local).unwrap_err().to_string();
    assert!(
        error.contains("Resources.One.Properties.Events.Nightly.Properties.ScheduleExpression"),
        "{error}"
    );
}

#[test]
fn cors_configuration_is_resolved() {
    let expected = Cors {
        allow_origins: vec!["https://a.example".into(), "https://b.example".into()],
        allow_methods: vec!["GET".into()],
        max_age: Some(600),
        allow_credentials: true,
        ..Cors::default()
    };
    assert_eq!(template().http_api(&Local).unwrap().unwrap().cors, Some(expected));
}

#[test]
fn websocket_routes_have_a_function_and_a_response_flag() {
    let api = template().websocket_api().unwrap().unwrap();
    assert_eq!(api.route_selection_expression, "$request.body.action");
    let routes: Vec<_> =
        api.routes.iter().map(|route| (route.key.as_str(), route.function.as_str(), route.answers)).collect();
    assert_eq!(routes, [("$connect", "One", false), ("sendMessage", "Two", true)]);
}

#[test]
fn websocket_api_that_api_gateway_rejects_is_rejected() {
    let stage = TEMPLATE.replace("StageName: !Ref Stage", "StageName: $default");
    let key = TEMPLATE.replace("sendMessage:", "send-message:");
    let function = TEMPLATE.replace("!GetAtt One.Arn", "!GetAtt Unknown.Arn");
    for (text, place) in
        [(stage, "StageName"), (key, "Routes.send-message"), (function, "Routes.$connect.FunctionArn")]
    {
        let error = Template::parse(&text).unwrap().websocket_api().unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn intrinsic_functions_are_evaluated() {
    for (yaml, expected) in [
        ("!Ref Stage", json!("prod")),
        ("!Ref Origins", json!(["https://a.example", "https://b.example"])),
        ("!Ref AWS::Region", json!("eu-west-1")),
        ("[a, !Ref AWS::NoValue]", json!(["a"])),
        ("!GetAtt Database.Endpoint.Port", json!("endpoint.port")),
        (r#"!Sub "${Stage}-${Database.Endpoint.Port}-${!Stage}""#, json!("prod-endpoint.port-${Stage}")),
        (r#"!Sub ["${X}/${Size}", { X: !Ref Stage }]"#, json!("prod/3")),
        (r#"!Join [",", !Ref Origins]"#, json!("https://a.example,https://b.example")),
        (r#"!Select [1, !Split ["-", "a-b"]]"#, json!("b")),
        ("!FindInMap [Sizes, !Ref Stage, memory]", json!(512)),
        ("!If [Production, yes, no]", json!("yes")),
        ("!If [NotProduction, yes, no]", json!("no")),
        ("!If [Both, yes, no]", json!("no")),
        ("!If [Either, yes, no]", json!("yes")),
        (r#"{ Fn::Sub: "${Stage}" }"#, json!("prod")),
    ] {
        assert_eq!(resolved(yaml), Ok(expected), "{yaml}");
    }
}

#[test]
fn unknown_name_error_contains_the_expression() {
    for (yaml, problem) in [
        ("!Ref Unknown", "no such parameter or resource"),
        ("!Ref Needed", "no default and no value"),
        ("!GetAtt One.Colour", r#"{"Fn::GetAtt":["One","Colour"]}: this attribute is unknown"#),
        ("!Cidr [a, 1, 2]", "this intrinsic function is not supported"),
        ("!If [Unknown, 1, 2]", "Conditions.Unknown: there is no such condition"),
        (r#"!Sub "${Stage""#, "is not closed"),
    ] {
        let error = resolved(yaml).unwrap_err();
        assert!(error.starts_with("template: ") && error.contains(problem), "{yaml}: {error}");
    }
}

#[test]
fn conditions_are_evaluated() {
    let functions = template().functions().unwrap();
    assert_eq!(
        [&functions[0].condition, &functions[1].condition],
        [&None, &Some("NotProduction".to_owned())]
    );
    assert!(template().holds("Production", &Local).unwrap());
    assert!(!template().holds("NotProduction", &Local).unwrap());
    assert!(template().holds("Unknown", &Local).is_err());
}

#[test]
fn invalid_template_error_names_problem_and_place() {
    for (text, problem) in [
        ("Resources: [", "line"),
        ("Description: none", "Resources"),
        ("Resources: { A: { Type: X }, A: { Type: Y } }", "duplicate"),
        ("Resources: { A: !!binary eA== }", "Resources.A"),
    ] {
        let error = Template::parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(error.to_lowercase().contains(&problem.to_lowercase()), "{text}: {error}");
    }
    let missing =
        Template::read(std::path::Path::new("/nowhere/template.yaml")).map(|_| ()).unwrap_err().to_string();
    assert!(missing.starts_with("/nowhere/template.yaml: "), "{missing}");
    let handler =
        Template::parse("Resources: { F: { Type: AWS::Serverless::Function, Properties: { CodeUri: x } } }")
            .unwrap();
    assert!(handler.functions().unwrap_err().to_string().contains("Resources.F.Properties.Handler"));
}

#[test]
fn nested_stacks_are_files_relative_to_the_template() {
    let template = Template::read(std::path::Path::new("../template.yaml")).unwrap();
    let nested = template.nested().unwrap();
    let database = nested.iter().find(|stack| stack.id == "Database").unwrap();
    assert_eq!(database.parameters["UseProxy"], json!({ "Ref": "UseProxy" }));
    assert!(database.template.output("Host").is_some());
    assert!(database.template.output("Nothing").is_none());
    let names = nested.iter().find(|stack| stack.condition.is_some()).unwrap();
    assert_eq!((names.id.as_str(), names.condition.as_deref()), ("DomainNames", Some("HasDomain")));
}

#[test]
fn nested_stack_without_file_error_names_the_place() {
    let remote = "Resources: { It: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: 'https://example.com/x.yaml' } } }";
    let error = Template::parse(remote).unwrap().nested().unwrap_err().to_string();
    assert!(error.contains("Resources.It.Properties.TemplateURL"), "{error}");
}
