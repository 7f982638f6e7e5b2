//! A template: its resources and parameters.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{TemplateError, value::scalar_text, yaml};

/// A SAM template, in CloudFormation's long form.
#[derive(Clone, Debug)]
pub struct Template {
    pub(crate) file: String,
    root: Value,
}

/// A resource of a template, unresolved.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The logical id.
    pub id: &'a str,
    /// The type, for instance `AWS::Serverless::Function`.
    pub kind: &'a str,
    /// The properties; `null` if it has none.
    pub properties: &'a Value,
    /// The condition under which the resource exists.
    pub condition: Option<&'a str>,
}

/// A parameter of a template.
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
    /// If the file cannot be read, is not YAML, or is not a template.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Read { file: file.clone(), source })?;
        Self::named(file, &text)
    }

    /// Parses a template from text. Errors call the file `template`.
    ///
    /// # Errors
    /// If the text is not YAML or not a template.
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

    /// The resources, in the order of their logical ids.
    ///
    /// # Errors
    /// If a resource has no `Type`.
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

    fn section<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.root[name].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn of_kind<'a>(&'a self, kind: &str) -> Result<Vec<Resource<'a>>, TemplateError> {
        Ok(self.resources()?.into_iter().filter(|resource| resource.kind == kind).collect())
    }

    /// A property of a resource, or else the property in `Globals`.
    pub(crate) fn property<'a>(&'a self, resource: &Resource<'a>, global: &str, name: &str) -> &'a Value {
        match &resource.properties[name] {
            Value::Null => self.global(global, name),
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
