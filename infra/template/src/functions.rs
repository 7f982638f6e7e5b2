//! The Lambda functions of a template.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Resource, Template, TemplateError};

/// A resource of type `AWS::Serverless::Function`, with `Globals.Function` merged in.
#[derive(Clone, Debug)]
pub struct Function {
    /// The logical id.
    pub id: String,
    /// The value of the process's variable `_HANDLER`.
    pub handler: String,
    /// The last component of `CodeUri`: the name of the compiled program.
    pub artifact: String,
    /// The timeout of a call, in seconds; 3 by default, as in Lambda.
    pub timeout: u64,
    /// The memory size, in megabytes; 128 by default, as in Lambda.
    pub memory: u64,
    /// The environment variables, unresolved.
    pub environment: BTreeMap<String, Value>,
    /// `ReservedConcurrentExecutions`, unresolved.
    pub reserved_concurrency: Option<Value>,
    /// The condition under which the function exists.
    pub condition: Option<String>,
}

impl Template {
    /// The functions, in the order of their logical ids.
    ///
    /// # Errors
    /// If a function has no handler or no code, or a property has the wrong type.
    pub fn functions(&self) -> Result<Vec<Function>, TemplateError> {
        self.of_kind("AWS::Serverless::Function")?.iter().map(|resource| self.function(resource)).collect()
    }

    fn function(&self, resource: &Resource<'_>) -> Result<Function, TemplateError> {
        let code = self.text(resource, "CodeUri")?;
        let artifact = code.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if artifact.is_empty() || artifact.starts_with('.') {
            return Err(
                self.shape(&place(resource, "CodeUri"), "its last component must name the compiled program")
            );
        }
        Ok(Function {
            id: resource.id.to_owned(),
            handler: self.text(resource, "Handler")?,
            artifact: artifact.to_owned(),
            timeout: self.number(resource, "Timeout", 3)?,
            memory: self.number(resource, "MemorySize", 128)?,
            environment: self.environment(resource),
            reserved_concurrency: match self.property(resource, "Function", "ReservedConcurrentExecutions") {
                Value::Null => None,
                value => Some(value.clone()),
            },
            condition: resource.condition.map(str::to_owned),
        })
    }

    fn environment(&self, resource: &Resource<'_>) -> BTreeMap<String, Value> {
        let shared = &self.global("Function", "Environment")["Variables"];
        let own = &resource.properties["Environment"]["Variables"];
        [shared, own]
            .into_iter()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn text(&self, resource: &Resource<'_>, name: &str) -> Result<String, TemplateError> {
        let value = self.property(resource, "Function", name).as_str();
        value.map(str::to_owned).ok_or_else(|| self.shape(&place(resource, name), "a string is expected"))
    }

    fn number(&self, resource: &Resource<'_>, name: &str, default: u64) -> Result<u64, TemplateError> {
        match self.property(resource, "Function", name) {
            Value::Null => Ok(default),
            value => {
                value.as_u64().ok_or_else(|| self.shape(&place(resource, name), "a whole number is expected"))
            }
        }
    }
}

fn place(resource: &Resource<'_>, name: &str) -> String {
    format!("Resources.{}.Properties.{name}", resource.id)
}
