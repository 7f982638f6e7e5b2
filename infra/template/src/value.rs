//! Reads JSON values in the way CloudFormation does.

use serde_json::{Map, Value};

/// Returns the text of a scalar; `None` for null, a list or a mapping.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the key and value of an object with exactly one entry; otherwise `None`.
pub(crate) fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    if object.len() == 1 { object.iter().next().map(|(key, value)| (key.as_str(), value)) } else { None }
}
