#![doc = include_str!("../README.md")]

mod apis;
mod error;
mod functions;
mod nested;
mod resolve;
mod schedules;
mod yaml;

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

pub use apis::{Cors, HttpApi, HttpRoute, WebSocketApi, WebSocketRoute};
pub use error::TemplateError;
pub use functions::Function;
pub use nested::Nested;
pub use resolve::Lookup;
pub use schedules::{Schedule, ScheduleSource};
pub use yaml::parse as parse_yaml;

/// A SAM template, in CloudFormation's long form.
#[derive(Clone, Debug)]
pub struct Template {
    file: String,
    root: Value,
}

/// A resource as it stands in the template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The name the template gives it.
    pub id: &'a str,
    /// Its type, for instance `AWS::Serverless::Function`.
    pub kind: &'a str,
    /// Its properties, unresolved; `null` when it has none.
    pub properties: &'a Value,
    /// The condition on which it exists.
    pub condition: Option<&'a str>,
}

/// A parameter as it stands in the template.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// CloudFormation's type, for instance `String` or `CommaDelimitedList`.
    pub kind: String,
    /// The default as text.
    pub default: Option<String>,
}

impl Template {
    /// Reads a template file.
    ///
    /// # Errors
    /// When the file cannot be read, is not YAML, or is not a template.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Read { file: file.clone(), source })?;
        Self::named(file, &text)
    }

    /// Parses a template from text; errors call the file `template`.
    ///
    /// # Errors
    /// When the text is not YAML or not a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Self::named("template".to_owned(), text)
    }

    fn named(file: String, text: &str) -> Result<Self, TemplateError> {
        let root = yaml::parse(&file, text)?;
        let template = Self { file, root };
        if !template.root["Resources"].is_object() {
            return Err(template.shape("Resources", "a mapping of resources is expected"));
        }
        Ok(template)
    }

    /// The resources, in the order of their names.
    ///
    /// # Errors
    /// When one has no `Type`.
    pub fn resources(&self) -> Result<Vec<Resource<'_>>, TemplateError> {
        self.section("Resources")
            .map(|(id, value)| {
                let kind = value["Type"].as_str().ok_or_else(|| {
                    self.shape(&format!("Resources.{id}.Type"), "a resource type is expected")
                })?;
                Ok(Resource {
                    id,
                    kind,
                    properties: &value["Properties"],
                    condition: value["Condition"].as_str(),
                })
            })
            .collect()
    }

    /// The parameters, by name.
    #[must_use]
    pub fn parameters(&self) -> BTreeMap<&str, Parameter> {
        self.section("Parameters")
            .map(|(name, value)| {
                let kind = value["Type"].as_str().unwrap_or("String").to_owned();
                (name, Parameter { kind, default: scalar_text(&value["Default"]) })
            })
            .collect()
    }

    /// Works out a value: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select`, `Fn::Split`, `Fn::FindInMap`, `Fn::If` with the
    /// template's conditions. What `lookup` does not know falls back to the parameter's default.
    ///
    /// # Errors
    /// When a name, an attribute or an intrinsic function is not known.
    pub fn resolve(&self, value: &Value, lookup: &dyn Lookup) -> Result<Value, TemplateError> {
        resolve::Resolver { template: self, lookup }.value(value)
    }

    /// Whether a named condition holds, for instance that of a function.
    ///
    /// # Errors
    /// When there is no such condition, or it cannot be worked out.
    pub fn holds(&self, condition: &str, lookup: &dyn Lookup) -> Result<bool, TemplateError> {
        resolve::Resolver { template: self, lookup }.condition(condition)
    }

    pub(crate) fn section<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.root[name].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn of_kind<'a>(&'a self, kind: &str) -> Result<Vec<Resource<'a>>, TemplateError> {
        Ok(self.resources()?.into_iter().filter(|resource| resource.kind == kind).collect())
    }

    /// A property of a resource; what it lacks comes from `Globals`.
    pub(crate) fn property<'a>(&'a self, resource: &Resource<'a>, global: &str, name: &str) -> &'a Value {
        match &resource.properties[name] {
            Value::Null => &self.root["Globals"][global][name],
            own => own,
        }
    }

    pub(crate) fn global(&self, kind: &str, name: &str) -> &Value {
        &self.root["Globals"][kind][name]
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }

    pub(crate) fn shape(&self, place: &str, problem: &str) -> TemplateError {
        TemplateError::Shape { file: self.file.clone(), place: place.to_owned(), problem: problem.to_owned() }
    }
}

/// The text of a scalar; nothing for null, a list or a mapping.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The only key and value of an object with one entry.
pub(crate) fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    if object.len() == 1 { object.iter().next().map(|(key, value)| (key.as_str(), value)) } else { None }
}
