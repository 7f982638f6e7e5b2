//! The Lambda Runtime API, version 2018-06-01, which a function's process calls.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{Response, StatusCode, header},
    routing::{get, post},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{InvokeError, function::Function, pool::SharedPool};

/// How many bytes of a response are read. This is more than Lambda's limit, so that the sender of a
/// response over that limit gets 413 and not a closed connection.
const READ_LIMIT: usize = 64 * 1024 * 1024;

#[derive(Clone)]
struct Process {
    pool: SharedPool,
    function: Arc<Function>,
    id: u64,
}

/// The Runtime API for one process.
pub(super) fn router(pool: SharedPool, function: Arc<Function>, id: u64) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{call}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{call}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(Process { pool, function, id })
}

async fn next(State(process): State<Process>) -> Response<Body> {
    let next = process.pool.lock().next(process.id);
    let Ok(delivery) = next.await else {
        return answer(StatusCode::GONE, "the process is being ended");
    };
    let trace = delivery.id.simple();
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", delivery.id.to_string())
        .header("lambda-runtime-deadline-ms", delivery.deadline.to_string())
        .header("lambda-runtime-invoked-function-arn", &process.function.arn)
        .header(
            "lambda-runtime-trace-id",
            format!("Root=1-{:.8}-{:.24};Sampled=0", trace.to_string(), trace.to_string().split_at(8).1),
        )
        .body(Body::from(delivery.event))
        .unwrap_or_else(|_| {
            answer(StatusCode::INTERNAL_SERVER_ERROR, "the event's headers are not valid HTTP")
        })
}

async fn response(State(process): State<Process>, Path(call): Path<Uuid>, body: Body) -> Response<Body> {
    let limit = process.function.answer_limit;
    let (result, status) = match axum::body::to_bytes(body, READ_LIMIT).await {
        Ok(bytes) if bytes.len() <= limit => (Ok(bytes), StatusCode::ACCEPTED),
        _ => (Err(InvokeError::AnswerTooLarge { limit }), StatusCode::PAYLOAD_TOO_LARGE),
    };
    finish(&process, call, result, status)
}

async fn error(State(process): State<Process>, Path(call): Path<Uuid>, body: Bytes) -> Response<Body> {
    let Reported { kind, message } = Reported::parse(&body);
    finish(&process, call, Err(InvokeError::Function { kind, message }), StatusCode::ACCEPTED)
}

async fn init_error(State(process): State<Process>, body: Bytes) -> Response<Body> {
    let Reported { kind, message } = Reported::parse(&body);
    process.pool.lock().init_failed(process.id, InvokeError::Init(format!("{kind}: {message}")));
    answer(StatusCode::ACCEPTED, "OK")
}

fn finish(
    process: &Process,
    call: Uuid,
    result: Result<Bytes, InvokeError>,
    status: StatusCode,
) -> Response<Body> {
    if process.pool.lock().answer(process.id, call, result) {
        answer(status, "OK")
    } else {
        answer(StatusCode::BAD_REQUEST, "this process has no such call")
    }
}

fn answer(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(serde_json::json!({ "status": message }).to_string()));
    *response.status_mut() = status;
    response
}

/// An error as the runtime reports it.
#[derive(Deserialize)]
#[serde(default)]
struct Reported {
    #[serde(rename = "errorType")]
    kind: String,
    #[serde(rename = "errorMessage")]
    message: String,
}

impl Default for Reported {
    fn default() -> Self {
        Self { kind: "Unhandled".to_owned(), message: "the function failed".to_owned() }
    }
}

impl Reported {
    fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
