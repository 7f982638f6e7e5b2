//! Stacks nested in a template, whose templates are files beside it.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{Template, TemplateError};

/// A resource of type `AWS::CloudFormation::Stack`.
#[derive(Clone, Debug)]
pub struct Nested {
    /// The logical id.
    pub id: String,
    /// What `TemplateURL` names.
    pub template: Template,
    /// The values of the template's parameters, unresolved; they mean something in the outer template.
    pub parameters: Map<String, Value>,
    /// The condition of the outer template on which it exists.
    pub condition: Option<String>,
}

impl Template {
    /// The nested stacks, in the order of their names.
    ///
    /// # Errors
    /// When one has no `TemplateURL` that is a file's path from this template, or that file is no template.
    pub fn nested(&self) -> Result<Vec<Nested>, TemplateError> {
        self.of_kind("AWS::CloudFormation::Stack")?
            .into_iter()
            .map(|stack| {
                let url = stack.properties["TemplateURL"].as_str().filter(|url| !url.contains("://"));
                let file = url.ok_or_else(|| {
                    let place = format!("Resources.{}.Properties.TemplateURL", stack.id);
                    self.shape(&place, "a file's path is expected")
                })?;
                Ok(Nested {
                    id: stack.id.to_owned(),
                    template: Self::read(&Path::new(&self.file).with_file_name(file))?,
                    parameters: stack.properties["Parameters"].as_object().cloned().unwrap_or_default(),
                    condition: stack.condition.map(str::to_owned),
                })
            })
            .collect()
    }

    /// The value of an output, unresolved.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.root()["Outputs"][name].get("Value")
    }
}
