//! The template as the local cloud deploys it: the values of its parameters, ARNs and addresses.

use std::{collections::BTreeMap, iter};

use chatchat_template::{Lookup, Nested, Template, TemplateError};
use serde_json::Value;

use crate::{Database, error::StartError};

/// The account in every ARN.
pub(crate) const ACCOUNT: &str = "000000000000";

/// The template as the local cloud deploys it.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) template: Template,
    pub(crate) region: String,
    parameters: BTreeMap<String, String>,
    kinds: Kinds,
    nested: BTreeMap<String, NestedStack>,
    database: Option<Database>,
    ports: Ports,
}

/// The ports of this machine that replace AWS's hosts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) distribution: u16,
    /// The endpoint of API Gateway, which both APIs share.
    pub(crate) gateway: u16,
}

/// The types of a template's resources, by logical id.
type Kinds = BTreeMap<String, String>;

/// A stack nested in the deployed one.
#[derive(Debug)]
struct NestedStack {
    declaration: Nested,
    kinds: Kinds,
}

/// The deployed template or one of its nested templates. It can resolve the template's values.
pub(crate) struct StackRef<'a> {
    pub(crate) template: &'a Template,
    stack: &'a Stack,
    nested: Option<&'a NestedStack>,
}

impl StackRef<'_> {
    /// Returns the logical ids and types of the resources of all templates of the deployment.
    pub(crate) fn all_resources(&self) -> impl Iterator<Item = (&String, &String)> {
        self.stack.kinds.iter().chain(self.stack.nested.values().flat_map(|nested| &nested.kinds))
    }

    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        match self.nested {
            Some(nested) => self.template.resolve(value, &NestedLookup { outer: self.stack, nested }),
            None => self.stack.resolve(value),
        }
    }
}

impl Stack {
    pub(crate) fn new(
        template: Template,
        region: &str,
        parameters: BTreeMap<String, String>,
        database: Option<Database>,
        ports: Ports,
    ) -> Result<Self, StartError> {
        let known = template.parameters();
        if let Some(name) = parameters.keys().find(|name| !known.contains_key(name.as_str())) {
            return Err(StartError::Unusable(format!("the template has no parameter {name}")));
        }
        let kinds = kinds_of(&template)?;
        let nested = template.nested()?;
        let mut stack = Self {
            template,
            region: region.to_owned(),
            parameters,
            kinds,
            nested: BTreeMap::new(),
            database,
            ports,
        };
        for declaration in nested {
            let condition = declaration.condition.as_deref();
            if condition.map_or(Ok(true), |name| stack.template.holds(name, &stack))? {
                let kinds = kinds_of(&declaration.template)?;
                stack.nested.insert(declaration.id.clone(), NestedStack { declaration, kinds });
            }
        }
        Ok(stack)
    }

    /// Returns the deployed template, then its nested templates.
    pub(crate) fn all(&self) -> impl Iterator<Item = StackRef<'_>> {
        let outer = StackRef { template: &self.template, stack: self, nested: None };
        let nested = self.nested.values().map(|nested| StackRef {
            template: &nested.declaration.template,
            stack: self,
            nested: Some(nested),
        });
        iter::once(outer).chain(nested)
    }

    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        self.template.resolve(value, self)
    }

    /// Returns a value as the text of an environment variable. The addresses of the APIs and the
    /// distribution are replaced by addresses of this machine. `place` names the value in errors.
    pub(crate) fn text(&self, place: &str, value: &Value) -> Result<Option<String>, StartError> {
        match self.resolve(value)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(self.localize(text))),
            value @ (Value::Number(_) | Value::Bool(_)) => Ok(Some(value.to_string())),
            Value::Array(_) | Value::Object(_) => {
                Err(StartError::Unusable(format!("{place}: a string is expected")))
            }
        }
    }

    fn localize(&self, mut text: String) -> String {
        let nested = self.nested.values().flat_map(|nested| &nested.kinds);
        for (id, kind) in self.kinds.iter().chain(nested) {
            if is_api(kind) {
                let host = format!("{}.execute-api.{}.amazonaws.com", api_id(id), self.region);
                let here = format!("localhost:{}", self.ports.gateway);
                text = text.replace(&format!("https://{host}"), &format!("http://{here}"));
                text = text.replace(&format!("wss://{host}"), &format!("ws://{here}"));
            } else if kind == DISTRIBUTION {
                let here = format!("http://localhost:{}", self.ports.distribution);
                text = text.replace(&format!("https://{}", distribution_domain(id)), &here);
            }
        }
        text
    }

    pub(crate) fn function_arn(&self, id: &str) -> String {
        format!("arn:aws:lambda:{}:{ACCOUNT}:function:{id}", self.region)
    }

    pub(crate) fn secret_arn(&self, id: &str) -> String {
        format!("arn:aws:secretsmanager:{}:{ACCOUNT}:secret:{id}", self.region)
    }

    fn pseudo(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS::Region" => self.region.clone(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => "local".to_owned(),
            "AWS::StackId" => format!("arn:aws:cloudformation:{}:{ACCOUNT}:stack/local/0", self.region),
            _ => return None,
        })
    }
}

impl Stack {
    /// Returns the result of `Ref` for a resource of this type.
    fn reference_to(&self, kind: &str, name: &str) -> String {
        match kind {
            "AWS::SecretsManager::Secret" => self.secret_arn(name),
            "AWS::S3::Bucket" => bucket_name(name),
            kind if is_api(kind) => api_id(name),
            _ => name.to_owned(),
        }
    }

    /// Returns the result of `Fn::GetAtt` for a resource of this type.
    fn attribute_of(&self, kind: &str, resource: &str, attribute: &str) -> Option<Value> {
        let database = || self.database.as_ref();
        Some(match (kind, attribute) {
            ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "Endpoint.Address")
            | ("AWS::RDS::DBProxy", "Endpoint") => database()?.host.clone().into(),
            ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "Endpoint.Port") => {
                database()?.port.to_string().into()
            }
            ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "MasterUserSecret.SecretArn")
            | ("AWS::SecretsManager::Secret", "Id") => self.secret_arn(resource).into(),
            ("AWS::Serverless::Function", "Arn") => self.function_arn(resource).into(),
            (kind, "ApiEndpoint") if is_api(kind) => {
                let scheme = if kind.contains("WebSocket") { "wss" } else { "https" };
                format!("{scheme}://{}.execute-api.{}.amazonaws.com", api_id(resource), self.region).into()
            }
            (kind, "ApiId") if is_api(kind) => api_id(resource).into(),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", bucket_name(resource)).into(),
            ("AWS::S3::Bucket", "RegionalDomainName") => {
                format!("{}.s3.{}.amazonaws.com", bucket_name(resource), self.region).into()
            }
            ("AWS::CloudFront::OriginAccessControl", "Id") => resource.into(),
            (DISTRIBUTION, "DomainName") => distribution_domain(resource).into(),
            (kind, "Arn" | "FunctionMetadata.FunctionARN") => {
                let service = kind.split("::").nth(1).unwrap_or("local").to_ascii_lowercase();
                format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region).into()
            }
            _ => return None,
        })
    }
}

impl Lookup for Stack {
    fn reference(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.parameters.get(name).cloned().or_else(|| self.pseudo(name)) {
            return Some(value.into());
        }
        self.kinds.get(name).map(|kind| self.reference_to(kind, name).into())
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        if let (Some(nested), Some(output)) = (self.nested.get(resource), attribute.strip_prefix("Outputs."))
        {
            let template = &nested.declaration.template;
            return template.resolve(template.output(output)?, &NestedLookup { outer: self, nested }).ok();
        }
        let kind = match self.kinds.get(resource) {
            Some(kind) => kind.as_str(),
            // The API that SAM creates implicitly.
            None if resource == "ServerlessHttpApi" => "AWS::Serverless::HttpApi",
            None => return None,
        };
        self.attribute_of(kind, resource, attribute)
    }
}

/// Looks up names inside a nested stack. The outer stack supplies the values of the nested stack's
/// parameters.
struct NestedLookup<'a> {
    outer: &'a Stack,
    nested: &'a NestedStack,
}

impl Lookup for NestedLookup<'_> {
    fn reference(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.nested.declaration.parameters.get(name) {
            return self.outer.resolve(value).ok();
        }
        let resource = || self.nested.kinds.get(name).map(|kind| self.outer.reference_to(kind, name));
        self.outer.pseudo(name).or_else(resource).map(Value::from)
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        self.outer.attribute_of(self.nested.kinds.get(resource)?, resource, attribute)
    }
}

fn kinds_of(template: &Template) -> Result<Kinds, TemplateError> {
    let resources = template.resources()?;
    Ok(resources.iter().map(|resource| (resource.id.to_owned(), resource.kind.to_owned())).collect())
}

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// The name of a bucket.
pub(crate) fn bucket_name(logical: &str) -> String {
    logical.to_ascii_lowercase()
}

fn distribution_domain(logical: &str) -> String {
    format!("{}.cloudfront.net", logical.to_ascii_lowercase())
}

fn is_api(kind: &str) -> bool {
    matches!(kind, "AWS::Serverless::HttpApi" | "AWS::Serverless::WebSocketApi")
}

/// The id of an API in its host name, which consists of lower-case letters and digits.
pub(crate) fn api_id(logical: &str) -> String {
    logical.to_ascii_lowercase()
}
