//! Evaluates IAM policies: statements with actions, resources and conditions.

use serde_json::{Map, Value, json};

use crate::stacks::statements;

/// The texts of a list in a statement, such as its actions.
pub fn texts(statement: &Value, key: &str) -> Vec<String> {
    statement[key].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a pattern with `*` matches a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| matches(rest, &text[at..]))
        }),
    }
}

/// Whether a statement allows an action on some resource.
pub fn allows(statement: &Value, action: &str) -> bool {
    statement["Effect"] == "Allow"
        && texts(statement, "Action").iter().any(|pattern| matches(pattern, action))
}

/// Whether the statements allow an action on a resource and do not deny it, as IAM evaluates them.
/// The resource is `*` or an ARN without `arn:aws:`, in which `@` stands for the region and account.
pub fn permits(all: &[Value], action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    let arn = match resource {
        "*" => "*".to_owned(),
        other => format!("arn:aws:{}", other.replace('@', "ap-northeast-2:123456789012")),
    };
    let lists = |statement: &Value, key: &str, text: &str| {
        statement[key].is_array() && texts(statement, key).iter().any(|pattern| matches(pattern, text))
    };
    let is_met = |statement: &Value| {
        let operators = statement["Condition"].as_object().into_iter().flat_map(Map::values);
        operators.flat_map(|keys| keys.as_object().unwrap()).all(|(key, allowed)| {
            let allowed = statements(&json!({ "Statement": { "Action": allowed } }));
            context.iter().any(|(known, value)| known == key && lists(&allowed[0], "Action", value))
        })
    };
    let applies = |statement: &&Value| {
        let is_named = match statement.get("NotAction") {
            Some(_) => !lists(statement, "NotAction", action),
            None => lists(statement, "Action", action),
        };
        is_named && lists(statement, "Resource", &arn) && is_met(statement)
    };
    let applying: Vec<_> = all.iter().filter(applies).collect();
    !applying.is_empty() && applying.iter().all(|statement| statement["Effect"] == "Allow")
}
