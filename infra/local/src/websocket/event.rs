//! The events of a connection: CONNECT, MESSAGE and DISCONNECT.

use axum::http::{HeaderMap, request::Parts};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::{api::WebSocketApi, connections::Connection, id};

pub(super) fn connect(api: &WebSocketApi, connection: &Connection, parts: &Parts) -> Value {
    let mut event = json!({
        "requestContext": context(api, connection, "CONNECT", "$connect", &id::random()),
        "isBase64Encoded": false,
    });
    let mut headers = headers(&parts.headers);
    headers.push(("X-Forwarded-For".to_owned(), connection.source_ip.to_string()));
    headers.push((
        "X-Forwarded-Port".to_owned(),
        connection.host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned(),
    ));
    headers.push(("X-Forwarded-Proto".to_owned(), "http".to_owned()));
    insert(&mut event, "headers", "multiValueHeaders", headers);
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let query: Vec<(String, String)> =
        query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    if !query.is_empty() {
        insert(&mut event, "queryStringParameters", "multiValueQueryStringParameters", query);
    }
    event
}

pub(super) fn message(
    api: &WebSocketApi,
    connection: &Connection,
    route_key: &str,
    request_id: &str,
    body: &str,
) -> Value {
    let mut context = context(api, connection, "MESSAGE", route_key, request_id);
    context["messageId"] = id::random().into();
    json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
}

pub(super) fn disconnect(api: &WebSocketApi, connection: &Connection, code: u16, reason: &str) -> Value {
    let mut context = context(api, connection, "DISCONNECT", "$disconnect", &id::random());
    context["disconnectStatusCode"] = code.into();
    context["disconnectReason"] = reason.into();
    let mut event = json!({ "requestContext": context, "isBase64Encoded": false });
    let headers =
        [("Host", connection.host.clone()), ("X-Forwarded-For", String::new()), ("x-api-key", String::new())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    insert(&mut event, "headers", "multiValueHeaders", headers);
    event
}

fn context(
    api: &WebSocketApi,
    connection: &Connection,
    event_type: &str,
    route_key: &str,
    request_id: &str,
) -> Value {
    let now = OffsetDateTime::now_utc();
    let time = now
        .format(format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000"))
        .unwrap_or_default();
    let mut identity = json!({ "sourceIp": connection.source_ip.to_string() });
    if let Some(user_agent) = &connection.user_agent {
        identity["userAgent"] = user_agent.as_str().into();
    }
    json!({
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestId": request_id,
        "requestTime": time,
        "requestTimeEpoch": crate::milliseconds(now),
        "messageDirection": "IN",
        "stage": api.stage,
        "connectedAt": crate::milliseconds(connection.connected_at),
        "connectionId": connection.id,
        "identity": identity,
        "domainName": connection.host.rsplit_once(':').map_or(connection.host.as_str(), |(name, _)| name),
        "apiId": api.id,
    })
}

/// The headers of a request, with the capital letters that API Gateway's WebSocket events have.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let capitals = |part: &str| match part {
        "websocket" => "WebSocket".to_owned(),
        part => part[..1].to_ascii_uppercase() + &part[1..],
    };
    let name = |name: &str| {
        name.split('-')
            .map(|part| if part.is_empty() { String::new() } else { capitals(part) })
            .collect::<Vec<_>>()
            .join("-")
    };
    let passed = headers.iter().filter(|(name, _)| *name != "connection" && *name != "upgrade");
    passed
        .map(|(key, value)| (name(key.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// Inserts two maps: one with the last value of each name, and one with all values of each name.
fn insert(event: &mut Value, single: &str, multiple: &str, entries: Vec<(String, String)>) {
    let mut last = Map::new();
    let mut all = Map::new();
    for (name, value) in entries {
        last.insert(name.clone(), value.clone().into());
        if let Value::Array(values) = all.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
            values.push(value.into());
        }
    }
    event[single] = last.into();
    event[multiple] = all.into();
}
