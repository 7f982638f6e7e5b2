//! The stacks nested in a template, whose templates are files in the same folder.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{Template, TemplateError};

/// A resource of type `AWS::CloudFormation::Stack`.
#[derive(Clone, Debug)]
pub struct Nested {
    /// The logical id.
    pub id: String,
    /// The template at `TemplateURL`.
    pub template: Template,
    /// The values of the nested template's parameters, unresolved. They refer to names of the outer
    /// template.
    pub parameters: Map<String, Value>,
    /// The condition of the outer template under which the stack exists.
    pub condition: Option<String>,
}

impl Template {
    /// Returns the nested stacks, in the order of their logical ids.
    ///
    /// # Errors
    /// If a `TemplateURL` is not the path of a file, relative to this template, or if that file is
    /// not a template.
    pub fn nested(&self) -> Result<Vec<Nested>, TemplateError> {
        self.of_kind("AWS::CloudFormation::Stack")?
            .into_iter()
            .map(|stack| {
                let url = stack.properties["TemplateURL"].as_str().filter(|url| !url.contains("://"));
                let file = url.ok_or_else(|| {
                    let place = format!("Resources.{}.Properties.TemplateURL", stack.id);
                    self.shape(&place, "the path of a file is expected")
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

    /// Returns the value of an output, unresolved.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.root()["Outputs"][name].get("Value")
    }
}
