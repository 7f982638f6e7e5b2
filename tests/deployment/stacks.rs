//! The expanded templates, evaluated for a set of parameters.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::LazyLock,
};

use chatchat_harness::root;
use chatchat_template::{Lookup, Template};
use serde_json::{Map, Value, json};

/// Values of parameters of `template.yaml`. All other parameters have their default values.
pub type Set = &'static [(&'static str, &'static str)];

pub const WITHOUT_DOMAIN: Set = &[];
/// The value of the parameter `DistributionSecret`, which is part of every set.
const DISTRIBUTION_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const WITH_DOMAIN: Set = &[
    ("Domain", "chat.example.com"),
    ("HostedZoneId", "Z0123456789"),
    (
        "WebCertificateArn",
        "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
    ),
];
pub const WITH_FIREWALL: Set = &[(
    "WebAclArn",
    "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chatchat/00000000-0000-0000-0000-000000000000",
)];
pub const WITH_PROXY: Set = &[("UseProxy", "true"), ("ConcurrencyLimits", "on")];
pub const WITH_ENDPOINTS: Set = &[("Egress", "endpoints"), ("AllowedOrigins", "http://localhost:5173")];
pub const WITHOUT_WARMING: Set = &[("Warm", "off")];
pub const BY_GITHUB: Set = &[
    ("Boundary", "arn:aws:iam::123456789012:policy/chatchat-github-dev-boundary"),
    ("SetLogRole", "false"),
    ("Zones", "ap-northeast-2a,ap-northeast-2c"),
];
pub const ALL: [Set; 7] =
    [WITHOUT_DOMAIN, WITH_DOMAIN, WITH_FIREWALL, WITH_PROXY, WITH_ENDPOINTS, WITHOUT_WARMING, BY_GITHUB];

/// The output of `infra/expand.py`: the expanded templates by file name.
static EXPANDED: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let python = root().join(".local/tools/bin/python");
    assert!(python.is_file(), "{} is missing; `cargo xtask test` installs it", python.display());
    let output = Command::new(python).arg(root().join("infra/expand.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut templates: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    templates.values_mut().for_each(simplify);
    templates
});

/// Replaces intrinsic functions whose values AWS chooses: availability zones and address ranges.
fn simplify(value: &mut Value) {
    if value.get("Fn::GetAZs").is_some() {
        *value = json!(["zone-a", "zone-b"]);
    } else if value.get("Fn::Cidr").is_some() {
        *value = json!(["fd00:0:0:1::/64", "fd00:0:0:2::/64"]);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Object(entries) => entries.values_mut().for_each(simplify),
        _ => {}
    }
}

/// Returns a template, given by its file name, after SAM expanded it.
pub fn expanded(file: &str) -> &'static Value {
    &EXPANDED[file]
}

/// A resource of a deployment.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The file that declares it.
    pub file: String,
    pub id: String,
    pub kind: String,
    /// The evaluated properties. `Ref` of a resource evaluates to its id, `Fn::GetAtt` to
    /// `<id>.<attribute>`.
    pub properties: Value,
    /// The resource in the expanded template, not evaluated.
    pub raw: Value,
}

/// The resources and outputs of a deployment.
pub struct Deployment {
    pub resources: Vec<Resource>,
    /// The outputs by stack and name. The name of the root stack is empty.
    outputs: BTreeMap<(String, String), Value>,
}

impl Deployment {
    pub fn of(set: Set) -> Self {
        let known = expanded("template.yaml")["Parameters"].as_object().unwrap();
        for (name, _) in set {
            assert!(known.contains_key(*name), "template.yaml has no parameter {name}");
        }
        let given = set.iter().chain([&("DistributionSecret", DISTRIBUTION_SECRET)]);
        let given = given.map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let mut deployment = Self { resources: Vec::new(), outputs: BTreeMap::new() };
        Stack { file: "template.yaml".to_owned(), given }.add_to("", &mut deployment);
        deployment
    }

    /// The deployment of a template that is not nested.
    pub fn of_file(file: &str, set: Set) -> Self {
        let given = set.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let mut deployment = Self { resources: Vec::new(), outputs: BTreeMap::new() };
        Stack { file: file.to_owned(), given }.add_to("", &mut deployment);
        deployment
    }

    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    pub fn only(&self, kind: &str) -> &Resource {
        let found: Vec<_> = self.of_kind(kind).collect();
        let [one] = found[..] else { panic!("there are {} resources of type {kind}", found.len()) };
        one
    }

    pub fn find(&self, file: &str, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.file == file && resource.id == id)
    }

    pub fn get(&self, file: &str, id: &str) -> &Resource {
        self.find(file, id).unwrap_or_else(|| panic!("{file} has no {id} in this deployment"))
    }

    pub fn functions(&self) -> impl Iterator<Item = &Resource> {
        self.of_kind("AWS::Lambda::Function")
    }

    /// Returns an environment variable of a function.
    pub fn variable(&self, function: &str, name: &str) -> Value {
        self.get("template.yaml", function).properties["Environment"]["Variables"][name].clone()
    }

    /// Returns an output of the root stack.
    pub fn output(&self, name: &str) -> &Value {
        &self.outputs[&(String::new(), name.to_owned())]
    }
}

/// A stack with its parameters.
struct Stack {
    file: String,
    given: Map<String, Value>,
}

impl Stack {
    /// Evaluates the stack and its nested stacks, and adds them to a deployment.
    fn add_to(&self, name: &str, deployment: &mut Deployment) {
        let root = expanded(&self.file);
        let template = Template::parse(&root.to_string()).unwrap();
        let mut nested = Map::new();
        // Parameters of a nested stack can be outputs of another one, so the nested stacks are
        // evaluated in rounds until none is left.
        let mut waiting = template.nested_stacks(root);
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|(id, file)| {
                let lookup = Names { stack: self, nested: &nested };
                let resource = &root["Resources"][id];
                let exists =
                    resource["Condition"].as_str().is_none_or(|name| template.holds(name, &lookup).unwrap());
                if !exists {
                    return false;
                }
                let Ok(given) = template.resolve(&resource["Properties"]["Parameters"], &lookup) else {
                    return true;
                };
                let given = given.as_object().cloned().unwrap_or_default();
                let parameters = expanded(file)["Parameters"].as_object().cloned().unwrap_or_default();
                let names: BTreeSet<_> = given.keys().collect();
                assert_eq!(
                    names,
                    parameters.keys().collect(),
                    "the parameters that {} passes to {file}",
                    self.file
                );
                let inner = Self { file: file.clone(), given };
                inner.add_to(id, deployment);
                let outputs = deployment.outputs.iter().filter(|((stack, _), _)| stack == id);
                nested.insert(
                    id.clone(),
                    outputs.map(|((_, name), value)| (name.clone(), value.clone())).collect(),
                );
                false
            });
            assert!(waiting.len() < before, "{}: these stacks depend on each other: {waiting:?}", self.file);
        }
        let lookup = Names { stack: self, nested: &nested };
        for resource in template.resources().unwrap() {
            if resource.condition.is_some_and(|condition| !template.holds(condition, &lookup).unwrap()) {
                continue;
            }
            deployment.resources.push(Resource {
                file: self.file.clone(),
                id: resource.id.to_owned(),
                kind: resource.kind.to_owned(),
                properties: template.resolve(resource.properties, &lookup).unwrap(),
                raw: root["Resources"][resource.id].clone(),
            });
        }
        for (output, value) in root["Outputs"].as_object().into_iter().flatten() {
            let value = template.resolve(&value["Value"], &lookup).unwrap();
            deployment.outputs.insert((name.to_owned(), output.clone()), value);
        }
    }
}

trait NestedStacks {
    fn nested_stacks(&self, root: &Value) -> Vec<(String, String)>;
}

impl NestedStacks for Template {
    /// Returns the ids and files of the nested stacks.
    fn nested_stacks(&self, root: &Value) -> Vec<(String, String)> {
        let resources = root["Resources"].as_object().unwrap().iter();
        let nested = resources.filter(|(_, resource)| resource["Type"] == "AWS::CloudFormation::Stack");
        nested
            .map(|(id, resource)| {
                (id.clone(), resource["Properties"]["TemplateURL"].as_str().unwrap().to_owned())
            })
            .collect()
    }
}

/// Evaluates references. Outputs of nested stacks have their values; other references evaluate to
/// names.
struct Names<'a> {
    stack: &'a Stack,
    nested: &'a Map<String, Value>,
}

impl Lookup for Names<'_> {
    fn reference(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.stack.given.get(name) {
            return Some(value.clone());
        }
        let pseudo = match name {
            "AWS::Region" => "ap-northeast-2",
            "AWS::AccountId" => "123456789012",
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => "chatchat",
            _ => expanded(&self.stack.file)["Resources"].get(name).map(|_| name)?,
        };
        Some(pseudo.into())
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            return self.nested.get(resource)?.get(output).cloned();
        }
        let declared = expanded(&self.stack.file)["Resources"].get(resource)?;
        Some(match (declared["Type"].as_str(), attribute) {
            (Some("AWS::EC2::VPC"), "Ipv6CidrBlocks") => json!(["fd00::/56"]),
            _ => format!("{resource}.{attribute}").into(),
        })
    }
}

/// Returns the statements of a policy document, with `Action` and `Resource` as lists.
pub fn statements(document: &Value) -> Vec<Value> {
    let all = match &document["Statement"] {
        Value::Array(statements) => statements.clone(),
        one => vec![one.clone()],
    };
    all.into_iter()
        .map(|mut statement| {
            for key in ["Action", "Resource"] {
                if !statement[key].is_array() {
                    statement[key] = json!([statement[key]]);
                }
            }
            statement
        })
        .collect()
}
