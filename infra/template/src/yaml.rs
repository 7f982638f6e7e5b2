//! YAML with CloudFormation's tags, read as JSON in CloudFormation's long form.

use saphyr::{LoadableYamlNode, ScalarOwned, Tag, YamlOwned};
use serde_json::{Map, Value, json};

use crate::{TemplateError, value::scalar_text};

/// Reads one YAML document as JSON, with CloudFormation's tags in the long form. Errors call it
/// `file`.
///
/// # Errors
/// If the text is not one YAML document, or contains a tag that is not CloudFormation's.
pub fn parse(file: &str, text: &str) -> Result<Value, TemplateError> {
    let problem = |problem: String| TemplateError::Yaml { file: file.to_owned(), problem };
    let mut documents = YamlOwned::load_from_str(text).map_err(|error| problem(error.to_string()))?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => json_of(document, "").map_err(problem),
        _ => Err(problem("one YAML document is expected".to_owned())),
    }
}

fn json_of(node: YamlOwned, place: &str) -> Result<Value, String> {
    match node {
        YamlOwned::Value(scalar) => Ok(scalar_json(scalar)),
        YamlOwned::Sequence(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| json_of(item, &format!("{place}[{index}]")))
            .collect(),
        YamlOwned::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match json_of(key, place)? {
                    Value::String(text) => text,
                    other => scalar_text(&other).ok_or_else(|| format!("{place}: a key must be a scalar"))?,
                };
                let value = json_of(value, &format!("{place}.{key}"))?;
                object.insert(key, value);
            }
            Ok(Value::Object(object))
        }
        YamlOwned::Tagged(tag, inner) => long_form(&tag, json_of(*inner, place)?)
            .ok_or_else(|| format!("{place}: the tag {tag} is not CloudFormation's")),
        YamlOwned::Representation(text, ..) => Ok(Value::String(text)),
        YamlOwned::Alias(_) | YamlOwned::BadValue => Err(format!("{place}: this YAML value cannot be read")),
    }
}

fn scalar_json(scalar: ScalarOwned) -> Value {
    match scalar {
        ScalarOwned::Null => Value::Null,
        ScalarOwned::Boolean(flag) => Value::Bool(flag),
        ScalarOwned::Integer(number) => json!(number),
        ScalarOwned::FloatingPoint(number) => json!(number.into_inner()),
        ScalarOwned::String(text) => Value::String(text),
    }
}

fn long_form(tag: &Tag, value: Value) -> Option<Value> {
    if tag.handle != "!" {
        return None;
    }
    let (name, value) = match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => (name.to_owned(), value),
        "GetAtt" => match value.as_str().and_then(|text| text.split_once('.')) {
            Some((resource, attribute)) => ("Fn::GetAtt".to_owned(), json!([resource, attribute])),
            None => ("Fn::GetAtt".to_owned(), value),
        },
        name => (format!("Fn::{name}"), value),
    };
    Some(Value::Object(Map::from_iter([(name, value)])))
}
