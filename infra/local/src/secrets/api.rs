//! The operation `GetSecretValue`, in AWS's JSON 1.1 protocol.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, StatusCode, header},
};
use serde_json::{Value, json};

use super::Secrets;
use crate::faults::Faults;

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
        let failed =
            json!({ "__type": "InternalServiceError", "Message": "An error occurred on the server side." });
        return json_answer(StatusCode::INTERNAL_SERVER_ERROR, &failed);
    }
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if target != "secretsmanager.GetSecretValue" {
        return error(
            "UnknownOperationException",
            &format!("the local cloud supports GetSecretValue, not {target}"),
        );
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = request["SecretId"].as_str().unwrap_or_default();
    let Some(secret) = secrets.find(id) else {
        return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    };
    let stage = request["VersionStage"].as_str();
    let version = match request["VersionId"].as_str() {
        Some(id) => [Some(&secret.versions.current), secret.versions.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|version| version.id == id),
        None => match stage.unwrap_or("AWSCURRENT") {
            "AWSCURRENT" => Some(&secret.versions.current),
            "AWSPREVIOUS" => secret.versions.previous.as_ref(),
            _ => None,
        },
    };
    let Some(version) = version else {
        let label = stage.unwrap_or("AWSCURRENT");
        let message =
            format!("Secrets Manager can't find the specified secret value for staging label: {label}");
        return error("ResourceNotFoundException", &message);
    };
    let stage = if version.id == secret.versions.current.id { "AWSCURRENT" } else { "AWSPREVIOUS" };
    json_answer(
        StatusCode::OK,
        &json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": version.id,
            "VersionStages": [stage],
            "SecretString": version.value,
            "CreatedDate": version.created.unix_timestamp(),
        }),
    )
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
