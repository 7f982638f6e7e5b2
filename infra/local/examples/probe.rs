//! The functions of the conformance tests. `_HANDLER` selects one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Counts in the background while the process runs.
static COUNT: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let handler = variable("_HANDLER");
    match handler.as_str() {
        "init_exit" => {
            eprintln!("the probe does not like its configuration");
            std::process::exit(7);
        }
        "init_hang" => std::future::pending().await,
        "init_error" => {
            let url = format!("http://{}/2018-06-01/runtime/init/error", variable("AWS_LAMBDA_RUNTIME_API"));
            let report = json!({ "errorType": "Probe.Config", "errorMessage": "a setting is missing" });
            reqwest::Client::new().post(url).json(&report).send().await?;
            std::process::exit(1);
        }
        "background" => _ = std::thread::spawn(count),
        _ => {}
    }
    lambda_runtime::run(service_fn(|event| handle(&handler, event))).await
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn count() {
    loop {
        COUNT.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn handle(handler: &str, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match handler {
        // Returns the event, the context and the environment.
        "echo" => {
            let known = json!({
                "event": payload,
                "pid": std::process::id(),
                "requestId": context.request_id,
                "deadline": context.deadline,
                "arn": context.invoked_function_arn,
                "trace": context.xray_trace_id,
                "environment": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
            });
            Ok(
                json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": known.to_string() }),
            )
        }
        // Returns the request's body as the result.
        "answer" => Ok(serde_json::from_str(payload["body"].as_str().unwrap_or("null"))?),
        "background" => Ok(json!(COUNT.load(Ordering::Relaxed))),
        "large" => Ok(json!("x".repeat(usize::try_from(payload["bytes"].as_u64().unwrap_or(7_000_000))?))),
        "secret" => secret(&payload).await,
        "connect" => connect(&payload).await,
        "message" => message(&payload, &context.request_id).await,
        "scheduled" => scheduled(&payload),
        "disconnect" => {
            record(&payload);
            Ok(json!({ "statusCode": 200 }))
        }
        what => misbehave(what).await,
    }
}

async fn misbehave(what: &str) -> Result<Value, Error> {
    match what {
        "crash" => std::process::exit(3),
        "hang" => std::future::pending().await,
        "fail" => Err("the probe fails".into()),
        _ => Ok(json!({ "statusCode": 200 })),
    }
}

/// Does what the query says. `early` pushes before the connection is open.
async fn connect(event: &Value) -> Result<Value, Error> {
    record(event);
    let query = &event["queryStringParameters"];
    if let Some(what) = query["what"].as_str() {
        if what == "early" {
            let pushed = push(event, "too early").await?;
            return Ok(json!({ "statusCode": if pushed == StatusCode::GONE { 200 } else { 409 } }));
        }
        return misbehave(what).await;
    }
    let status = query["status"].as_str().unwrap_or("200").parse::<u16>()?;
    let mut answer = json!({ "statusCode": status, "headers": { "X-Probe": "hidden" }, "body": "hidden" });
    if let Some(protocol) = query["protocol"].as_str() {
        answer["headers"]["Sec-WebSocket-Protocol"] = protocol.into();
    }
    Ok(answer)
}

/// Does what the message's fields say:
///
/// - `what`: what to do. Without it, the event is pushed back.
/// - `wait`: a file that must exist first.
/// - `work`: a file to which `began` and, after the wait, `committed` are written.
/// - `pushes`: how many numbers to push.
async fn message(event: &Value, request: &str) -> Result<Value, Error> {
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let note = |what: &str| match body["work"].as_str() {
        Some(file) => append(file, &format!("{request} {what}\n")),
        None => Ok(()),
    };
    note("began")?;
    if let Some(file) = body["wait"].as_str() {
        while !std::path::Path::new(file).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    note("committed")?;
    if let Some(pushes) = body["pushes"].as_u64() {
        for number in 1..=pushes {
            push(event, &number.to_string()).await?;
        }
        return Ok(json!({ "statusCode": 200 }));
    }
    match body["what"].as_str() {
        Some("answer") => Ok(json!({ "statusCode": 200, "body": "an answer" })),
        Some(what) => misbehave(what).await,
        None => {
            push(event, &event.to_string()).await?;
            Ok(json!({ "statusCode": 200, "body": "the client must not get this" }))
        }
    }
}

async fn push(event: &Value, text: &str) -> Result<StatusCode, Error> {
    let id = event["requestContext"]["connectionId"].as_str().unwrap_or_default().replace('=', "%3D");
    let url = format!("{}/@connections/{id}", variable("MANAGEMENT_URL"));
    let key = variable("AWS_ACCESS_KEY_ID");
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
    );
    let answer = reqwest::Client::new()
        .post(url)
        .header("authorization", authorization)
        .header("x-amz-security-token", variable("AWS_SESSION_TOKEN"))
        .body(text.to_owned())
        .send()
        .await?;
    Ok(answer.status())
}

async fn secret(event: &Value) -> Result<Value, Error> {
    let answer = reqwest::Client::new()
        .post(variable("AWS_ENDPOINT_URL_SECRETS_MANAGER"))
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(event.to_string())
        .send()
        .await?;
    let status = answer.status().as_u16();
    Ok(json!({ "status": status, "answer": serde_json::from_str::<Value>(&answer.text().await?)? }))
}

/// Appends the event and its time of arrival to a file with the function's name. Fails if the
/// variable `FAILS` says so.
fn scheduled(event: &Value) -> Result<Value, Error> {
    let folder = variable("RECORDS");
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let line = json!({ "at": u64::try_from(at)?, "event": event });
    append(&format!("{folder}/{}", variable("AWS_LAMBDA_FUNCTION_NAME")), &format!("{line}\n"))?;
    if variable("FAILS") == "yes" { Err("the probe fails".into()) } else { Ok(Value::Null) }
}

fn append(file: &str, line: &str) -> Result<(), Error> {
    // One write, so that no test reads half a line.
    Ok(std::fs::File::options().create(true).append(true).open(file)?.write_all(line.as_bytes())?)
}

/// Writes the event to the test's folder.
fn record(event: &Value) {
    let context = &event["requestContext"];
    let name = format!(
        "{}-{}",
        context["eventType"].as_str().unwrap_or_default(),
        context["connectionId"].as_str().unwrap_or_default()
    );
    let path = std::path::Path::new(&variable("RECORDS")).join(name);
    // Renamed when it is complete, so that no test reads half a file.
    let draft = path.with_extension("draft");
    let mut file = std::fs::File::create(&draft).expect("the test's folder exists");
    file.write_all(event.to_string().as_bytes()).expect("the test's folder is writable");
    std::fs::rename(draft, path).expect("the test's folder is writable");
}
