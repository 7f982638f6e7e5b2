//! The contract of both APIs, `infra/openapi.yaml` and `infra/asyncapi.yaml`, and checks of answers
//! and events against it.

mod agreement;
mod document;
mod operation;
mod wrong;

use std::collections::{BTreeMap, BTreeSet};

use chatchat_harness::Failure;
use document::{ASYNCAPI, Document, OPENAPI};
use jsonschema::Validator;
use operation::{Answers, Operation, matches_template};
use serde_json::Value;

/// Both documents, with a compiled schema for every answer and every event.
pub(super) struct Contract {
    /// The operations, with literal paths before paths with variables.
    operations: Vec<Operation>,
    route_not_found: Answers,
    method_not_allowed: Answers,
    /// The schemas of events, by `type`.
    events: BTreeMap<String, Validator>,
    actions: BTreeSet<String>,
}

impl Contract {
    /// Reads both documents and compiles their schemas. Fails if a document is not valid YAML, has
    /// a dangling `$ref`, or contains an invalid schema.
    pub(super) fn load() -> Result<Self, Failure> {
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

    /// Checks an answer against the OpenAPI document: its status must be documented for the
    /// operation, and its body must fit the schema. `path` is a concrete path and may have a query.
    /// A null body counts as no body. HEAD has the operation of GET. A request that matches no
    /// operation must get the document's `RouteNotFound` or `MethodNotAllowed`. The error says what
    /// is wrong.
    pub(super) fn check_answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Result<(), String> {
        let body = body.filter(|body| !body.is_null());
        let is_head = method == "HEAD";
        let operation = if is_head { "GET" } else { method };
        let answers = self.answers(operation, path.split('?').next().unwrap_or_default());
        let outcome = match (answers.get(&status), body) {
            (Some(_), None) if is_head => Ok(()),
            (Some(_), Some(_)) if is_head => Err("an answer to HEAD has no body".to_owned()),
            (None, _) => {
                Err(format!("this status is not documented, only {:?}", answers.keys().collect::<Vec<_>>()))
            }
            (Some(None), None) => Ok(()),
            (Some(None), Some(_)) => Err("no body is documented".to_owned()),
            (Some(Some(_)), None) => Err("a body is documented, but the answer has none".to_owned()),
            (Some(Some(schema)), Some(body)) => validate(schema, body),
        };
        outcome.map_err(|problem| {
            let body = body.map_or_else(|| "none".to_owned(), Value::to_string);
            format!("{method} {path} answered {status}, which {OPENAPI} does not allow: {problem}; the body: {body}")
        })
    }

    /// Checks a frame from the server against the AsyncAPI document: a message with its `type` must
    /// be documented, and the frame must fit that message's schema. The error says what is wrong.
    pub(super) fn check_event(&self, event: &Value) -> Result<(), String> {
        let kind = event["type"].as_str().unwrap_or_default();
        let outcome = match self.events.get(kind) {
            None => Err(format!("its type is not one of {:?}", self.events.keys().collect::<Vec<_>>())),
            Some(schema) => validate(schema, event),
        };
        outcome
            .map_err(|problem| format!("{ASYNCAPI} does not allow an event: {problem}; the event: {event}"))
    }

    /// The documented methods and paths of the HTTP API, such as `GET` and `/companies/{id}`.
    pub(super) fn http_routes(&self) -> BTreeSet<(String, String)> {
        self.operations.iter().map(|operation| (operation.method.clone(), operation.path.clone())).collect()
    }

    /// The documented actions of the WebSocket API.
    pub(super) fn actions(&self) -> BTreeSet<String> {
        self.actions.clone()
    }

    fn answers(&self, method: &str, path: &str) -> &Answers {
        let mut matching =
            self.operations.iter().filter(|operation| matches_template(path, &operation.path)).peekable();
        let otherwise =
            if matching.peek().is_some() { &self.method_not_allowed } else { &self.route_not_found };
        matching
            .find(|operation| operation.method.eq_ignore_ascii_case(method))
            .map_or(otherwise, |operation| &operation.answers)
    }
}

/// Validates a value. The error lists all problems.
fn validate(schema: &Validator, value: &Value) -> Result<(), String> {
    let describe = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("{place}: {error}"),
    };
    let problems: Vec<String> = schema.iter_errors(value).map(describe).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}
