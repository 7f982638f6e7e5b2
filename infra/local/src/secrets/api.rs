//! The operations that read and rotate secrets, in AWS's JSON 1.1 protocol.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, StatusCode, header},
};
use serde_json::{Value, json};

use super::{
    Secrets,
    store::{Secret, Version, Versions},
};
use crate::{error::StartError, faults::Faults};

const NOT_FOUND: &str = "Secrets Manager can't find the specified secret.";
const FAILED: &str = "InternalServiceError";
const FAILED_MESSAGE: &str = "An error occurred on the server side.";

/// The maximum number of secrets of one request.
const MAX_TOGETHER: usize = 20;

/// The API, for a port that only the functions know.
pub(crate) fn router(secrets: Arc<Secrets>, faults: Arc<Faults>) -> Router {
    Router::new().fallback(call).with_state((secrets, faults))
}

async fn call(
    State((secrets, faults)): State<(Arc<Secrets>, Arc<Faults>)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if faults.fails_secrets() {
        let failed = json!({ "__type": FAILED, "Message": FAILED_MESSAGE });
        return json_answer(StatusCode::INTERNAL_SERVER_ERROR, &failed);
    }
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match target.strip_prefix("secretsmanager.") {
        Some("GetSecretValue") => get(&secrets, &request),
        Some("BatchGetSecretValue") => get_together(&secrets, &faults, &request),
        Some("PutSecretValue") if request["VersionStages"] == json!(["AWSPENDING"]) => {
            let [id, version, value] = texts(&request, ["SecretId", "ClientRequestToken", "SecretString"]);
            changed(secrets.put_pending(id, version, value), &request)
        }
        Some("UpdateSecretVersionStage") if request["VersionStage"] == "AWSCURRENT" => {
            let [id, version] = texts(&request, ["SecretId", "MoveToVersionId"]);
            changed(secrets.make_current(id, version), &request)
        }
        _ => error(
            "UnknownOperationException",
            &format!(
                "the local cloud supports GetSecretValue, BatchGetSecretValue, PutSecretValue of a \
                 pending version and UpdateSecretVersionStage to AWSCURRENT, not {target}"
            ),
        ),
    }
}

fn texts<'a, const N: usize>(request: &'a Value, names: [&str; N]) -> [&'a str; N] {
    names.map(|name| request[name].as_str().unwrap_or_default())
}

fn changed(changed: Result<bool, StartError>, request: &Value) -> Response<Body> {
    match changed {
        Ok(true) => json_answer(StatusCode::OK, &json!({ "ARN": request["SecretId"] })),
        Ok(false) => error("ResourceNotFoundException", NOT_FOUND),
        Err(problem) => error("InternalServiceError", &problem.to_string()),
    }
}

fn get(secrets: &Secrets, request: &Value) -> Response<Body> {
    let Some(secret) = secrets.find(request["SecretId"].as_str().unwrap_or_default()) else {
        return error("ResourceNotFoundException", NOT_FOUND);
    };
    let Versions { current, previous, pending } = &secret.versions;
    let labelled =
        [("AWSCURRENT", Some(current)), ("AWSPREVIOUS", previous.as_ref()), ("AWSPENDING", pending.as_ref())];
    let (id, stage) = (request["VersionId"].as_str(), request["VersionStage"].as_str());
    let wanted_stage = stage.or(id.is_none().then_some("AWSCURRENT"));
    let found = labelled.into_iter().find_map(|(label, version)| {
        let fits = |version: &&Version| id.is_none_or(|id| id == version.id);
        let version = version.filter(|_| wanted_stage.is_none_or(|stage| stage == label));
        Some((label, version.filter(fits)?))
    });
    let Some((label, version)) = found else {
        let label = wanted_stage.unwrap_or_default();
        let message =
            format!("Secrets Manager can't find the specified secret value for staging label: {label}");
        return error("ResourceNotFoundException", &message);
    };
    json_answer(StatusCode::OK, &described(&secret, version, label))
}

/// Returns the current versions of several secrets. A secret that cannot be read is an entry of
/// `Errors` and does not make the request fail.
fn get_together(secrets: &Secrets, faults: &Faults, request: &Value) -> Response<Body> {
    let ids: Option<Vec<&str>> =
        request["SecretIdList"].as_array().and_then(|ids| ids.iter().map(Value::as_str).collect());
    let Some(ids) = ids.filter(|_| request["Filters"].is_null()) else {
        return error("InvalidParameterException", "the local cloud supports SecretIdList, not Filters");
    };
    if ids.is_empty() || ids.len() > MAX_TOGETHER {
        return error("InvalidParameterException", "SecretIdList must have 1 to 20 entries");
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    let failed = |id, code, message| json!({ "SecretId": id, "ErrorCode": code, "Message": message });
    for id in ids {
        match secrets.find(id) {
            _ if faults.fails_secret_of_batch() => errors.push(failed(id, FAILED, FAILED_MESSAGE)),
            Some(secret) => values.push(described(&secret, &secret.versions.current, "AWSCURRENT")),
            None => errors.push(failed(id, "ResourceNotFoundException", NOT_FOUND)),
        }
    }
    json_answer(StatusCode::OK, &json!({ "SecretValues": values, "Errors": errors }))
}

fn described(secret: &Secret, version: &Version, label: &str) -> Value {
    json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": [label],
        "SecretString": version.value,
        "CreatedDate": version.created.unix_timestamp(),
    })
}

fn error(kind: &str, message: &str) -> Response<Body> {
    json_answer(StatusCode::BAD_REQUEST, &json!({ "__type": kind, "Message": message }))
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}
