//! The contract of both APIs, `infra/openapi.yaml` and `infra/asyncapi.yaml`, and whether answers and events fit it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use chatchat_template::parse_yaml;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use chatchat_tests::{Failure, root};

const OPENAPI: &str = "infra/openapi.yaml";
const ASYNCAPI: &str = "infra/asyncapi.yaml";

/// The methods that a path of an OpenAPI document can have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Both documents, with a compiled schema for every answer and every event.
pub struct Contract {
    /// Literal paths before those with variables.
    operations: Vec<Operation>,
    route_not_found: Answers,
    method_not_allowed: Answers,
    /// By `type`.
    events: BTreeMap<String, Validator>,
    actions: BTreeSet<String>,
}

/// A method of a path.
struct Operation {
    method: String,
    path: String,
    answers: Answers,
}

/// The documented statuses with their bodies' schemas; none for an answer without a body.
type Answers = BTreeMap<u16, Option<Validator>>;

impl Contract {
    /// Reads both documents and compiles their schemas. Fails where a document is no YAML, refers to what it does not have, or
    /// has a schema that is none.
    pub fn load() -> Result<Self, Failure> {
        let http = Document::openapi()?;
        let websocket = Document::asyncapi()?;
        let responses = &http.value["components"]["responses"];
        Ok(Self {
            operations: http.operations()?,
            route_not_found: BTreeMap::from([(404, http.body(&responses["RouteNotFound"])?)]),
            method_not_allowed: BTreeMap::from([(405, http.body(&responses["MethodNotAllowed"])?)]),
            events: websocket
                .payloads("receive", "type")?
                .into_iter()
                .map(|(name, payload)| Ok((name, websocket.validator(payload)?)))
                .collect::<Result<_, Failure>>()?,
            actions: websocket.payloads("send", "action")?.into_keys().collect(),
        })
    }

    /// Whether the document of the HTTP API allows an answer: its status is documented for the operation, and its body fits the
    /// schema. `path` is a concrete one and may have a query; null counts as no body. What no operation matches has to be answered
    /// as the document's `RouteNotFound` and `MethodNotAllowed` say. The error is for a person to read.
    pub fn check_answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Result<(), String> {
        let body = body.filter(|body| !body.is_null());
        let answers = self.answers(method, path.split('?').next().unwrap_or_default());
        let outcome = match (answers.get(&status), body) {
            (None, _) => {
                Err(format!("this status is not documented, only {:?}", answers.keys().collect::<Vec<_>>()))
            }
            (Some(None), None) => Ok(()),
            (Some(None), Some(_)) => Err("no body is documented".to_owned()),
            (Some(Some(_)), None) => Err("a body is documented, and there is none".to_owned()),
            (Some(Some(schema)), Some(body)) => fits(schema, body),
        };
        outcome.map_err(|problem| {
            let body = body.map_or_else(|| "none".to_owned(), Value::to_string);
            format!("{method} {path} answered {status}, which {OPENAPI} does not allow: {problem}; the body: {body}")
        })
    }

    /// Whether the document of the WebSocket API allows a frame from the server: it has the message whose `type` it has, and the
    /// frame fits that message's schema. The error is for a person to read.
    pub fn check_event(&self, event: &Value) -> Result<(), String> {
        let kind = event["type"].as_str().unwrap_or_default();
        let outcome = match self.events.get(kind) {
            None => Err(format!("its type is none of {:?}", self.events.keys().collect::<Vec<_>>())),
            Some(schema) => fits(schema, event),
        };
        outcome.map_err(|problem| {
            format!("an event came that {ASYNCAPI} does not allow: {problem}; the event: {event}")
        })
    }

    /// The documented methods and paths of the HTTP API, such as `GET` and `/companies/{id}`.
    pub fn http_routes(&self) -> BTreeSet<(String, String)> {
        self.operations.iter().map(|operation| (operation.method.clone(), operation.path.clone())).collect()
    }

    /// The documented actions of the WebSocket API.
    pub fn actions(&self) -> BTreeSet<String> {
        self.actions.clone()
    }

    fn answers(&self, method: &str, path: &str) -> &Answers {
        let mut of_path = self.operations.iter().filter(|operation| is_of(path, &operation.path)).peekable();
        let otherwise =
            if of_path.peek().is_some() { &self.method_not_allowed } else { &self.route_not_found };
        of_path
            .find(|operation| operation.method.eq_ignore_ascii_case(method))
            .map_or(otherwise, |operation| &operation.answers)
    }
}

/// Whether a concrete path is one of a template's such as `/companies/{id}`.
fn is_of(path: &str, template: &str) -> bool {
    let (segments, parts): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    let fits =
        |(segment, part): (&&str, &&str)| segment == part || (is_variable(part) && !segment.is_empty());
    segments.len() == parts.len() && segments.iter().zip(&parts).all(fits)
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

/// Everything that a schema finds wrong with a value.
fn fits(schema: &Validator, value: &Value) -> Result<(), String> {
    let describe = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("{place}: {error}"),
    };
    let problems: Vec<String> = schema.iter_errors(value).map(describe).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

/// One of the two documents.
struct Document {
    file: &'static str,
    /// What its schemas are written in.
    draft: Draft,
    value: Value,
}

impl Document {
    fn openapi() -> Result<Self, Failure> {
        Self::read(OPENAPI, Draft::Draft202012)
    }

    /// AsyncAPI's schemas are a superset of JSON Schema's draft 7.
    fn asyncapi() -> Result<Self, Failure> {
        Self::read(ASYNCAPI, Draft::Draft7)
    }

    fn read(file: &'static str, draft: Draft) -> Result<Self, Failure> {
        let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self { file, draft, value: parse_yaml(file, &text)? })
    }

    /// The same value, or what it refers to inside the document.
    fn follow<'a>(&'a self, value: &'a Value) -> Result<&'a Value, Failure> {
        let Some(reference) = value["$ref"].as_str() else {
            return Ok(value);
        };
        let target = reference.strip_prefix('#').and_then(|pointer| self.value.pointer(pointer));
        self.follow(target.ok_or_else(|| format!("{}: there is no {reference}", self.file))?)
    }

    /// A schema of the document; `$ref` in it means the document's components.
    fn validator(&self, schema: &Value) -> Result<Validator, Failure> {
        let standalone = json!({ "allOf": [schema], "components": self.value["components"] });
        let options = jsonschema::options().with_draft(self.draft).should_validate_formats(true);
        options
            .build(&standalone)
            .map_err(|error| format!("{}: {error} in the schema {schema}", self.file).into())
    }

    /// The schema of a response's body.
    fn body(&self, response: &Value) -> Result<Option<Validator>, Failure> {
        match &self.follow(response)?["content"]["application/json"]["schema"] {
            Value::Null => Ok(None),
            schema => self.validator(schema).map(Some),
        }
    }

    fn operations(&self) -> Result<Vec<Operation>, Failure> {
        let mut operations = Vec::new();
        for (path, method, operation) in self.methods() {
            let answers = entries(&operation["responses"])
                .map(|(status, response)| Ok((status.parse()?, self.body(response)?)))
                .collect::<Result<_, Failure>>()
                .map_err(|error| format!("{method} {path}: {error}"))?;
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), answers });
        }
        operations.sort_by_key(|operation| operation.path.split('/').map(is_variable).collect::<Vec<_>>());
        Ok(operations)
    }

    /// Each operation with its path and its method in lower case.
    fn methods(&self) -> impl Iterator<Item = (&String, &String, &Value)> {
        entries(&self.value["paths"]).flat_map(|(path, item)| {
            let methods = entries(item).filter(|(key, _)| METHODS.contains(&key.as_str()));
            methods.map(move |(method, operation)| (path, method, operation))
        })
    }

    /// The payloads of all messages that are sent or received, by the constant that their field `name` has to be.
    fn payloads(&self, direction: &str, name: &str) -> Result<BTreeMap<String, &Value>, Failure> {
        let operations =
            entries(&self.value["operations"]).filter(|(_, operation)| operation["action"] == direction);
        let messages =
            operations.flat_map(|(_, operation)| operation["messages"].as_array().into_iter().flatten());
        messages
            .map(|message| {
                let payload = &self.follow(message)?["payload"];
                let constant = payload["properties"][name]["const"].as_str();
                let constant =
                    constant.ok_or_else(|| format!("{}: no constant {name} in {payload}", self.file))?;
                Ok((constant.to_owned(), payload))
            })
            .collect()
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::{fmt::Debug, sync::LazyLock};

    use chatchat_template::Template;

    use super::*;

    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::load().unwrap());

    fn template() -> Template {
        Template::read(&root().join("infra/template.yaml")).unwrap()
    }

    /// Asserts that the documents and the template have the same of something.
    fn same<T: Ord + Debug>(documented: &BTreeSet<T>, declared: &BTreeSet<T>) {
        let only_documented: Vec<_> = documented.difference(declared).collect();
        let only_declared: Vec<_> = declared.difference(documented).collect();
        assert!(
            only_documented.is_empty() && only_declared.is_empty(),
            "only in the contract: {only_documented:?}; only in infra/template.yaml: {only_declared:?}"
        );
        assert!(!documented.is_empty());
    }

    fn message() -> Value {
        json!({
            "id": 902, "seq": 2, "senderId": 12, "type": "general", "content": "안녕하세요",
            "createdAt": "2026-11-22T09:30:00.123Z", "clientMessageId": "0191e3a8-0000-7000-8000-00000000abcd",
        })
    }

    /// `value` with one field changed, or taken away by null.
    fn with(mut value: Value, field: &str, change: Value) -> Value {
        let object = value.as_object_mut().unwrap();
        if change.is_null() {
            object.remove(field)
        } else {
            object.insert(field.to_owned(), change)
        };
        value
    }

    fn error(code: &str) -> Value {
        json!({ "code": code, "message": "…", "requestId": "r-1" })
    }

    #[test]
    fn a_wrong_answer_is_caught() {
        let send = "/customer/chatrooms/31/messages";
        assert_eq!(CONTRACT.check_answer("POST", send, 201, Some(&message())), Ok(()));
        let company = json!({ "id": 7, "name": "하늘꽃집", "description": "", "imageUrl": null });
        let invalid = json!([{ "field": "id", "code": "wrong_type", "message": "…" }]);
        for (method, path, status, body, problem) in [
            ("POST", send, 201, Some(with(message(), "seq", Value::Null)), "\"seq\" is a required property"),
            ("POST", send, 201, Some(with(message(), "more", json!(1))), "'more' was unexpected"),
            (
                "POST",
                send,
                201,
                Some(with(message(), "id", json!("902"))),
                "/id: \"902\" is not of type \"integer\"",
            ),
            (
                "POST",
                send,
                201,
                Some(with(message(), "createdAt", json!("2026-11-22T09:30:00Z"))),
                "/createdAt",
            ),
            ("POST", send, 201, Some(with(message(), "clientMessageId", Value::Null)), "clientMessageId"),
            ("POST", send, 201, None, "a body is documented, and there is none"),
            ("POST", send, 202, Some(message()), "this status is not documented"),
            ("GET", "/companies/7", 403, Some(error("wrong_role")), "this status is not documented"),
            ("GET", "/companies/7", 404, Some(error("room_not_found")), "/code"),
            (
                "GET",
                "/companies/x",
                400,
                Some(error("validation_failed")),
                "\"fields\" is a required property",
            ),
            (
                "GET",
                "/companies/7",
                404,
                Some(with(error("company_not_found"), "fields", invalid)),
                "/fields",
            ),
            (
                "GET",
                "/companies/7",
                200,
                Some(with(company, "description", json!("x".repeat(201)))),
                "/description",
            ),
            ("PATCH", "/companies/me", 204, Some(json!({})), "no body is documented"),
        ] {
            let found = CONTRACT.check_answer(method, path, status, body.as_ref()).unwrap_err();
            assert!(found.starts_with(&format!("{method} {path} answered {status}, ")), "{found}");
            assert!(found.contains(problem), "{problem:?} is expected: {found}");
            assert!(
                found.ends_with(&body.map_or_else(|| "none".to_owned(), |body| body.to_string())),
                "{found}"
            );
        }
    }

    #[test]
    fn a_literal_path_goes_before_one_with_a_variable() {
        let own = json!({
            "id": 7, "username": "skyflower", "name": "하늘꽃집", "description": "", "imageUrl": null, "profileVisibility": true,
        });
        assert_eq!(CONTRACT.check_answer("GET", "/companies/me", 200, Some(&own)), Ok(()));
        assert!(CONTRACT.check_answer("GET", "/companies/7", 200, Some(&own)).is_err());
        let found = json!({ "companySummaries": [], "page": { "current": 2, "total": 0 } });
        assert_eq!(CONTRACT.check_answer("GET", "/companies?keyword=/7&page=2", 200, Some(&found)), Ok(()));
    }

    #[test]
    fn what_no_operation_matches_is_not_found_or_has_other_methods() {
        for (method, path, status, code, allowed) in [
            ("GET", "/nowhere", 404, "route_not_found", true),
            ("GET", "/companies/", 404, "route_not_found", true),
            ("PUT", "/companies/me", 405, "method_not_allowed", true),
            ("PATCH", "/companies/7", 405, "method_not_allowed", true),
            ("PATCH", "/companies/7", 404, "route_not_found", false),
            ("GET", "/nowhere", 405, "method_not_allowed", false),
            ("GET", "/nowhere", 404, "method_not_allowed", false),
        ] {
            let outcome = CONTRACT.check_answer(method, path, status, Some(&error(code)));
            assert_eq!(outcome.is_ok(), allowed, "{outcome:?}");
        }
    }

    #[test]
    fn a_wrong_event_is_caught() {
        let event = |message: Value| json!({ "type": "message", "roomId": 31, "message": message });
        assert_eq!(CONTRACT.check_event(&event(message())), Ok(()));
        for (event, problem) in [
            (event(with(message(), "content", Value::Null)), "/message: \"content\" is a required property"),
            (with(event(message()), "seq", json!(2)), "'seq' was unexpected"),
            (with(event(message()), "roomId", json!(0)), "/roomId: 0 is less than the minimum of 1"),
            (with(event(message()), "type", json!("gossip")), "its type is none of"),
            (json!({ "message": "Internal server error" }), "its type is none of"),
            (json!([]), "its type is none of"),
        ] {
            let found = CONTRACT.check_event(&event).unwrap_err();
            assert!(
                found.contains(problem) && found.ends_with(&event.to_string()),
                "{problem:?} is expected: {found}"
            );
        }
    }

    /// Walks a document and pairs each example with its schema: `schema` with `example` or `examples`, `payload` with `examples`,
    /// and schemas that carry `examples` themselves.
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
        for (name, inner) in
            entries(value).filter(|(name, _)| !matches!(name.as_str(), "example" | "examples"))
        {
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
            for (place, schema, example) in found {
                let outcome = fits(&document.validator(schema).unwrap(), example);
                assert_eq!(outcome, Ok(()), "{}: {place}: {example}", document.file);
            }
        }
    }

    #[test]
    fn what_both_documents_name_they_describe_alike() {
        let (http, websocket) = (Document::openapi().unwrap(), Document::asyncapi().unwrap());
        for (name, schema) in entries(&websocket.value["components"]["schemas"]) {
            assert_eq!(schema, &http.value["components"]["schemas"][name], "{name}");
        }
    }

    #[test]
    fn the_http_routes_are_those_of_the_template() {
        let declared = template().http_routes().unwrap().into_iter().filter(|route| route.path != "$default");
        same(&CONTRACT.http_routes(), &declared.map(|route| (route.method, route.path)).collect());
    }

    #[test]
    fn an_operation_has_the_name_of_its_handler() {
        let (document, template) = (Document::openapi().unwrap(), template());
        let documented = document.methods().map(|(path, method, operation)| {
            (
                method.to_uppercase(),
                path.clone(),
                operation["operationId"].as_str().unwrap_or_default().to_owned(),
            )
        });
        let functions = template.functions().unwrap();
        let handlers: BTreeMap<_, _> =
            functions.into_iter().map(|function| (function.id, function.handler)).collect();
        let routes = template.http_routes().unwrap().into_iter().filter(|route| route.path != "$default");
        let declared = routes.map(|route| (route.method, route.path, handlers[&route.function].clone()));
        same(&documented.collect(), &declared.collect());
    }

    #[test]
    fn the_actions_are_those_of_the_template() {
        let declared = template().websocket_routes().unwrap().into_iter().map(|route| route.key);
        same(&CONTRACT.actions(), &declared.filter(|key| !key.starts_with('$')).collect());
    }
}
