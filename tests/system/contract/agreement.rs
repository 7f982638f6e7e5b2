//! The documents agree with their examples, with each other, and with `infra/template.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use serde_json::Value;

use super::{
    document::{Document, entries},
    validate,
};
use crate::{contract, operations, template};

/// Asserts that the documents and the template have the same items.
fn assert_same<T: Ord + Debug>(documented: &BTreeSet<T>, declared: &BTreeSet<T>) {
    let only_documented: Vec<_> = documented.difference(declared).collect();
    let only_declared: Vec<_> = declared.difference(documented).collect();
    assert!(
        only_documented.is_empty() && only_declared.is_empty(),
        "only in the contract: {only_documented:?}; only in infra/template.yaml: {only_declared:?}"
    );
    assert!(!documented.is_empty());
}

/// Collects each example of a document with its schema: `schema` with `example` or `examples`,
/// `payload` with `examples`, and schemas that have `examples` themselves.
fn examples<'a>(
    document: &'a Document,
    place: &str,
    value: &'a Value,
    found: &mut Vec<(String, &'a Value, &'a Value)>,
) {
    if let Some(schema) = value.get("schema").or_else(|| value.get("payload")) {
        let before = found.len();
        found.extend(value.get("example").map(|example| (place.to_owned(), schema, example)));
        for (name, example) in entries(&value["examples"]) {
            found.push((format!("{place}.{name}"), schema, &document.follow(example).unwrap()["value"]));
        }
        for example in value["examples"].as_array().into_iter().flatten() {
            found.push((place.to_owned(), schema, &example["payload"]));
        }
        assert!(found.len() > before, "{}: {place} has no example", document.file);
    } else if let Some(examples) = value["examples"].as_array() {
        found.extend(examples.iter().map(|example| (place.to_owned(), value, example)));
    }
    for (name, inner) in entries(value).filter(|(name, _)| !matches!(name.as_str(), "example" | "examples")) {
        examples(document, &format!("{place}.{name}"), inner, found);
    }
    for inner in value.as_array().into_iter().flatten() {
        examples(document, place, inner, found);
    }
}

#[test]
fn every_example_fits_its_schema() {
    for document in [Document::openapi().unwrap(), Document::asyncapi().unwrap()] {
        let mut found = Vec::new();
        examples(&document, "", &document.value, &mut found);
        assert!(!found.is_empty(), "{}", document.file);
        for (place, schema, example) in found {
            let outcome = validate(&document.validator(schema).unwrap(), example);
            assert_eq!(outcome, Ok(()), "{}: {place}: {example}", document.file);
        }
    }
}

#[test]
fn schemas_in_both_documents_are_equal() {
    let (http, websocket) = (Document::openapi().unwrap(), Document::asyncapi().unwrap());
    for (name, schema) in entries(&websocket.value["components"]["schemas"]) {
        assert_eq!(schema, &http.value["components"]["schemas"][name], "{name}");
    }
}

#[test]
fn documented_routes_equal_the_routes_of_the_template() {
    let declared = operations(&template()).into_iter();
    assert_same(&contract().http_routes(), &declared.map(|route| (route.method, route.path)).collect());
}

#[test]
fn operation_ids_equal_the_names_of_the_handlers() {
    let (document, template) = (Document::openapi().unwrap(), template());
    let documented = document.methods().map(|(path, method, operation)| {
        let name = operation["operationId"].as_str().unwrap_or_default();
        (method.to_uppercase(), path.clone(), name.to_owned())
    });
    let functions = template.functions().unwrap();
    let handlers: BTreeMap<_, _> =
        functions.into_iter().map(|function| (function.id, function.handler)).collect();
    let routes = operations(&template).into_iter();
    let declared = routes.map(|route| (route.method, route.path, handlers[&route.function].clone()));
    assert_same(&documented.collect(), &declared.collect());
}

#[test]
fn documented_actions_equal_the_actions_of_the_template() {
    let declared = template().websocket_routes().unwrap().into_iter().map(|route| route.key);
    assert_same(&contract().actions(), &declared.filter(|key| !key.starts_with('$')).collect());
}
