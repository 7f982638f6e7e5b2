//! What the template's names mean on this machine: parameters, ARNs and addresses.

use std::collections::BTreeMap;

use chatchat_template::{Lookup, Template, TemplateError};
use serde_json::Value;

use crate::Database;
use crate::error::StartError;

/// The account in every ARN.
pub(crate) const ACCOUNT: &str = "000000000000";

/// The template as it is deployed here.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) template: Template,
    pub(crate) region: String,
    parameters: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
    database: Option<Database>,
    port: u16,
}

impl Stack {
    pub(crate) fn new(
        template: Template,
        region: &str,
        parameters: BTreeMap<String, String>,
        database: Option<Database>,
        port: u16,
    ) -> Result<Self, StartError> {
        let known = template.parameters();
        if let Some(name) = parameters.keys().find(|name| !known.contains_key(name.as_str())) {
            return Err(StartError::Unusable(format!("the template has no parameter {name}")));
        }
        let kinds = template
            .resources()?
            .iter()
            .map(|resource| (resource.id.to_owned(), resource.kind.to_owned()))
            .collect();
        Ok(Self { template, region: region.to_owned(), parameters, kinds, database, port })
    }

    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        self.template.resolve(value, self)
    }

    /// A value as the text of an environment variable, with the public addresses of APIs and distributions replaced by this machine's.
    pub(crate) fn text(&self, place: &str, value: &Value) -> Result<Option<String>, StartError> {
        match self.resolve(value)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(self.localize(text))),
            value @ (Value::Number(_) | Value::Bool(_)) => Ok(Some(value.to_string())),
            Value::Array(_) | Value::Object(_) => {
                Err(StartError::Unusable(format!("{place}: a text is expected")))
            }
        }
    }

    fn localize(&self, mut text: String) -> String {
        for (id, kind) in &self.kinds {
            if is_api(kind) {
                let host = format!("{}.execute-api.{}.amazonaws.com", api_id(id), self.region);
                text = text.replace(&format!("https://{host}"), &format!("http://localhost:{}", self.port));
                text = text.replace(&format!("wss://{host}"), &format!("ws://localhost:{}", self.port));
            } else if kind == DISTRIBUTION {
                let here = format!("http://{}:{}", distribution_host(id), self.port);
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

impl Lookup for Stack {
    fn reference(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.parameters.get(name).cloned().or_else(|| self.pseudo(name)) {
            return Some(value.into());
        }
        let value = match self.kinds.get(name)?.as_str() {
            "AWS::SecretsManager::Secret" => self.secret_arn(name),
            "AWS::S3::Bucket" => bucket_name(name),
            kind if is_api(kind) => api_id(name),
            _ => name.to_owned(),
        };
        Some(value.into())
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        let kind = match self.kinds.get(resource) {
            Some(kind) => kind.as_str(),
            // The API that SAM makes by itself.
            None if resource == "ServerlessHttpApi" => "AWS::Serverless::HttpApi",
            None => return None,
        };
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
            (DISTRIBUTION, "DomainName") => distribution_domain(resource).into(),
            (kind, "Arn") => {
                let service = kind.split("::").nth(1).unwrap_or("local").to_ascii_lowercase();
                format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region).into()
            }
            _ => return None,
        })
    }
}

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// A bucket's name.
pub(crate) fn bucket_name(logical: &str) -> String {
    logical.to_ascii_lowercase()
}

/// The host that a distribution has on this machine; a browser takes all of `.localhost` for this machine.
pub(crate) fn distribution_host(logical: &str) -> String {
    format!("{}.localhost", logical.to_ascii_lowercase())
}

fn distribution_domain(logical: &str) -> String {
    format!("{}.cloudfront.net", logical.to_ascii_lowercase())
}

fn is_api(kind: &str) -> bool {
    matches!(kind, "AWS::Serverless::HttpApi" | "AWS::Serverless::WebSocketApi")
}

/// The id of an API in its host name: letters and digits in lower case.
pub(crate) fn api_id(logical: &str) -> String {
    logical.to_ascii_lowercase()
}
