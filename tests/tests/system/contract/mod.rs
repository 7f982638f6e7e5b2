//! The contract of both APIs, `infra/openapi.yaml` and `infra/asyncapi.yaml`, and whether answers and events fit it.

mod agreement;
mod document;
mod wrong;

use std::collections::{BTreeMap, BTreeSet};

use chatchat_tests::Failure;
use document::{ASYNCAPI, Document, OPENAPI};
use jsonschema::Validator;
use serde_json::Value;

/// Both documents, with a compiled schema for every answer and every event.
pub(super) struct Contract {
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

    /// Whether the document of the HTTP API allows an answer: its status is documented for the operation, and its body fits the
    /// schema. `path` is a concrete one and may have a query; null counts as no body. What no operation matches has to be answered
    /// as the document's `RouteNotFound` and `MethodNotAllowed` say. The error is for a person to read.
    pub(super) fn check_answer(
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
    pub(super) fn check_event(&self, event: &Value) -> Result<(), String> {
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
    pub(super) fn http_routes(&self) -> BTreeSet<(String, String)> {
        self.operations.iter().map(|operation| (operation.method.clone(), operation.path.clone())).collect()
    }

    /// The documented actions of the WebSocket API.
    pub(super) fn actions(&self) -> BTreeSet<String> {
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

/// Whether a segment of a path stands for any, such as `{id}`.
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
