//! Reads a document: its references, operations, messages and schemas.

use std::{collections::BTreeMap, fs};

use chatchat_harness::{Failure, root};
use chatchat_template::parse_yaml;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::operation::{Operation, is_variable};

pub(super) const OPENAPI: &str = "infra/openapi.yaml";
pub(super) const ASYNCAPI: &str = "infra/asyncapi.yaml";

/// The methods that a path of an OpenAPI document can have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// One of the two documents.
pub(super) struct Document {
    pub(super) file: &'static str,
    /// The JSON Schema draft of its schemas.
    draft: Draft,
    pub(super) value: Value,
}

impl Document {
    pub(super) fn openapi() -> Result<Self, Failure> {
        Self::read(OPENAPI, Draft::Draft202012)
    }

    /// The schemas of AsyncAPI are a superset of JSON Schema draft 7.
    pub(super) fn asyncapi() -> Result<Self, Failure> {
        Self::read(ASYNCAPI, Draft::Draft7)
    }

    fn read(file: &'static str, draft: Draft) -> Result<Self, Failure> {
        let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self { file, draft, value: parse_yaml(file, &text)? })
    }

    /// Resolves a value's `$ref` inside the document, or returns the value if it has none.
    pub(super) fn follow<'a>(&'a self, value: &'a Value) -> Result<&'a Value, Failure> {
        let Some(reference) = value["$ref"].as_str() else {
            return Ok(value);
        };
        let target = reference.strip_prefix('#').and_then(|pointer| self.value.pointer(pointer));
        self.follow(target.ok_or_else(|| format!("{}: there is no {reference}", self.file))?)
    }

    /// Compiles a schema of the document. A `$ref` in it refers to the document's components.
    pub(super) fn validator(&self, schema: &Value) -> Result<Validator, Failure> {
        let standalone = json!({ "allOf": [schema], "components": self.value["components"] });
        let options = jsonschema::options().with_draft(self.draft).should_validate_formats(true);
        options
            .build(&standalone)
            .map_err(|error| format!("{}: {error} in the schema {schema}", self.file).into())
    }

    /// The schema of a response's body, if the response has a body.
    pub(super) fn body(&self, response: &Value) -> Result<Option<Validator>, Failure> {
        match &self.follow(response)?["content"]["application/json"]["schema"] {
            Value::Null => Ok(None),
            schema => self.validator(schema).map(Some),
        }
    }

    pub(super) fn operations(&self) -> Result<Vec<Operation>, Failure> {
        let mut operations = Vec::new();
        for (path, method, operation) in self.methods() {
            let answers = entries(&operation["responses"])
                .map(|(status, response)| Ok((status.parse()?, self.body(response)?)))
                .collect::<Result<_, Failure>>()
                .map_err(|error| format!("{method} {path}: {error}"))?;
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), answers });
        }
        operations.sort_by_key(|operation| operation.path.split('/').map(is_variable).collect::<Vec<_>>());
        Ok(operations)
    }

    /// Returns each operation with its path and its method in lower case.
    pub(super) fn methods(&self) -> impl Iterator<Item = (&String, &String, &Value)> {
        entries(&self.value["paths"]).flat_map(|(path, item)| {
            let methods = entries(item).filter(|(key, _)| METHODS.contains(&key.as_str()));
            methods.map(move |(method, operation)| (path, method, operation))
        })
    }

    /// Returns the payloads of all messages of a direction (`send` or `receive`), by the constant
    /// of their field `name`.
    pub(super) fn payloads(&self, direction: &str, name: &str) -> Result<BTreeMap<String, &Value>, Failure> {
        let operations =
            entries(&self.value["operations"]).filter(|(_, operation)| operation["action"] == direction);
        let messages =
            operations.flat_map(|(_, operation)| operation["messages"].as_array().into_iter().flatten());
        messages
            .map(|message| {
                let payload = &self.follow(message)?["payload"];
                let constant = payload["properties"][name]["const"].as_str();
                let constant =
                    constant.ok_or_else(|| format!("{}: no constant {name} in {payload}", self.file))?;
                Ok((constant.to_owned(), payload))
            })
            .collect()
    }
}

pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
