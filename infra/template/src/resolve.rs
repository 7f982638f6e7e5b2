//! CloudFormation's intrinsic functions.

use serde_json::{Map, Value};

use crate::{
    Template, TemplateError,
    value::{scalar_text, single},
};

/// Supplies the values that a template does not contain, such as the address of a database.
pub trait Lookup {
    /// What `Ref` returns for a parameter with a given value, a pseudo parameter such as
    /// `AWS::Region`, or a resource.
    fn reference(&self, name: &str) -> Option<Value>;

    /// What `Fn::GetAtt` returns for a resource.
    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value>;
}

/// Supplies no values, so parameters have their defaults.
impl Lookup for () {
    fn reference(&self, _: &str) -> Option<Value> {
        None
    }

    fn attribute(&self, _: &str, _: &str) -> Option<Value> {
        None
    }
}

impl Template {
    /// Evaluates the intrinsic functions in a value: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`,
    /// `Fn::Select`, `Fn::Split`, `Fn::FindInMap`, and `Fn::If` with the template's conditions. If
    /// `lookup` has no value for a parameter, its default applies.
    ///
    /// # Errors
    /// If a name, an attribute or an intrinsic function is unknown.
    pub fn resolve(&self, value: &Value, lookup: &dyn Lookup) -> Result<Value, TemplateError> {
        Resolver { template: self, lookup }.value(value)
    }

    /// Whether a named condition is true, for instance the condition of a function.
    ///
    /// # Errors
    /// If the condition does not exist, or cannot be evaluated.
    pub fn holds(&self, condition: &str, lookup: &dyn Lookup) -> Result<bool, TemplateError> {
        Resolver { template: self, lookup }.condition(condition)
    }
}

struct Resolver<'a> {
    template: &'a Template,
    lookup: &'a dyn Lookup,
}

impl Resolver<'_> {
    /// Evaluates all intrinsic functions in a value. `AWS::NoValue` becomes null, and is removed
    /// from lists and mappings.
    fn value(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => self.list(items).map(Value::Array),
            Value::Object(object) => match single(object) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.intrinsic(name, argument)
                }
                _ => self.mapping(object),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn list(&self, items: &[Value]) -> Result<Vec<Value>, TemplateError> {
        let resolved = items.iter().map(|item| self.value(item));
        resolved.filter(|item| !matches!(item, Ok(Value::Null))).collect()
    }

    fn mapping(&self, object: &Map<String, Value>) -> Result<Value, TemplateError> {
        let resolved = object.iter().map(|(key, value)| Ok((key.clone(), self.value(value)?)));
        resolved
            .filter(|entry| !matches!(entry, Ok((_, Value::Null))))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object)
    }

    fn intrinsic(&self, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        let malformed = || Self::unresolved(self, name, argument, "its argument has the wrong form");
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(malformed)?),
            "Fn::GetAtt" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(resource), Value::String(attribute)]) => {
                    self.attribute(resource, attribute)
                }
                _ => Err(malformed()),
            },
            "Fn::Sub" => self.substitute(argument).map(Value::String),
            "Fn::Join" => {
                let separator = argument[0].as_str().ok_or_else(malformed)?;
                let parts = self.value(&argument[1])?;
                let parts = parts.as_array().ok_or_else(malformed)?;
                let parts: Vec<String> =
                    parts.iter().map(scalar_text).collect::<Option<_>>().ok_or_else(malformed)?;
                Ok(Value::String(parts.join(separator)))
            }
            "Fn::Select" => {
                let index: usize = scalar_text(&self.value(&argument[0])?)
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(malformed)?;
                self.value(&argument[1])?.get(index).cloned().ok_or_else(malformed)
            }
            "Fn::Split" => {
                let separator = argument[0].as_str().ok_or_else(malformed)?;
                let text = scalar_text(&self.value(&argument[1])?).ok_or_else(malformed)?;
                Ok(text.split(separator).map(Value::from).collect())
            }
            "Fn::FindInMap" => {
                let keys = self.value(argument)?;
                let [map, first, second] = [0, 1, 2].map(|index| scalar_text(&keys[index]));
                let (Some(map), Some(first), Some(second)) = (map, first, second) else {
                    return Err(malformed());
                };
                match &self.template.root()["Mappings"][map.as_str()][first.as_str()][second.as_str()] {
                    Value::Null => {
                        Err(self.unresolved(name, &keys, "the template's Mappings have no such entry"))
                    }
                    found => Ok(found.clone()),
                }
            }
            "Fn::If" => {
                let holds = self.condition(argument[0].as_str().ok_or_else(malformed)?)?;
                self.value(argument.get(if holds { 1 } else { 2 }).ok_or_else(malformed)?)
            }
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => self.holds(name, argument).map(Value::Bool),
            _ => Err(self.unresolved(name, argument, "this intrinsic function is not supported")),
        }
    }

    /// Whether a named condition of the template is true.
    fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        match &self.template.root()["Conditions"][name] {
            Value::Null => {
                Err(self.template.shape(&format!("Conditions.{name}"), "there is no such condition"))
            }
            condition => self.expression(condition),
        }
    }

    fn expression(&self, condition: &Value) -> Result<bool, TemplateError> {
        match condition.as_object().and_then(single) {
            Some(("Condition", Value::String(name))) => self.condition(name),
            Some((name, argument)) => self.holds(name, argument),
            None => Err(self.unresolved("Condition", condition, "a condition is expected")),
        }
    }

    fn holds(&self, name: &str, argument: &Value) -> Result<bool, TemplateError> {
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, parts) {
            ("Fn::Equals", [left, right]) => {
                Ok(scalar_text(&self.value(left)?) == scalar_text(&self.value(right)?))
            }
            ("Fn::Not", [part]) => Ok(!self.expression(part)?),
            ("Fn::And", parts) => parts.iter().try_fold(true, |all, part| Ok(all & self.expression(part)?)),
            ("Fn::Or", parts) => parts.iter().try_fold(false, |any, part| Ok(any | self.expression(part)?)),
            _ => Err(self.unresolved(name, argument, "a condition is expected")),
        }
    }

    fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        if name == "AWS::NoValue" {
            return Ok(Value::Null);
        }
        let parameter = self.template.parameters().remove(name);
        let given =
            self.lookup.reference(name).or_else(|| parameter.as_ref()?.default.clone().map(Value::String));
        match (given, parameter) {
            (Some(Value::String(text)), Some(parameter)) if is_list(&parameter.kind) => {
                Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect())
            }
            (Some(value), _) => Ok(value),
            (None, Some(_)) => Err(self.unresolved(
                "Ref",
                &name.into(),
                "this parameter has no default and no value was given",
            )),
            (None, None) => {
                Err(self.unresolved("Ref", &name.into(), "there is no such parameter or resource"))
            }
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, TemplateError> {
        let found = self.lookup.attribute(resource, attribute);
        found.ok_or_else(|| {
            self.unresolved("Fn::GetAtt", &vec![resource, attribute].into(), "this attribute is unknown")
        })
    }

    /// `Fn::Sub` of a string, or of a string and a mapping of additional names. `${!Name}` means a
    /// literal `${Name}`.
    fn substitute(&self, argument: &Value) -> Result<String, TemplateError> {
        let (text, names) = match argument {
            Value::Array(parts) => (parts.first().and_then(Value::as_str), parts.get(1)),
            plain => (plain.as_str(), None),
        };
        let malformed = |problem| self.unresolved("Fn::Sub", argument, problem);
        let mut rest = text.ok_or_else(|| malformed("a string is expected"))?;
        let mut result = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| malformed("a ${ is not closed"))?;
            result.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
                continue;
            }
            let value = match (names.and_then(|names| names.get(name)), name.split_once('.')) {
                (Some(own), _) => self.value(own)?,
                (None, Some((resource, attribute))) => self.attribute(resource, attribute)?,
                (None, None) => self.reference(name)?,
            };
            result.push_str(
                &scalar_text(&value)
                    .ok_or_else(|| malformed("a list or a mapping cannot be part of a string"))?,
            );
        }
        result.push_str(rest);
        Ok(result)
    }

    fn unresolved(&self, name: &str, argument: &Value, problem: &str) -> TemplateError {
        let expression = serde_json::json!({ name: argument }).to_string();
        TemplateError::Unresolved {
            file: self.template.file.clone(),
            expression,
            problem: problem.to_owned(),
        }
    }
}

fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}
