//! The contract detects invalid answers and events. The other tests rely on this.

use serde_json::{Value, json};

use crate::{changed, contract};

fn message() -> Value {
    json!({
        "id": 902, "seq": 2, "senderId": 12, "type": "general", "content": "안녕하세요",
        "createdAt": "2026-11-22T09:30:00.123Z", "clientMessageId": "0191e3a8-0000-7000-8000-00000000abcd",
    })
}

fn error(code: &str) -> Value {
    json!({ "code": code, "message": "…", "requestId": "r-1" })
}

#[test]
fn invalid_answer_is_detected() {
    let send = "/customer/chatrooms/31/messages";
    assert_eq!(contract().check_answer("POST", send, 201, Some(&message())), Ok(()));
    let with = |field, value| Some(changed(message(), field, value));
    let description = json!("x".repeat(201));
    let company = json!({ "id": 7, "name": "하늘꽃집", "description": description, "imageUrl": null });
    let fields = json!([{ "field": "id", "code": "wrong_type", "message": "…" }]);
    let not_found = changed(error("company_not_found"), "fields", fields);
    let (invalid, one) = (error("validation_failed"), "/companies/7");
    for (method, path, status, body, problem) in [
        ("POST", send, 201, with("seq", Value::Null), "\"seq\" is a required property"),
        ("POST", send, 201, with("more", json!(1)), "'more' was unexpected"),
        ("POST", send, 201, with("id", json!("902")), "/id: \"902\" is not of type \"integer\""),
        ("POST", send, 201, with("createdAt", json!("2026-11-22T09:30:00Z")), "/createdAt"),
        ("POST", send, 201, with("clientMessageId", Value::Null), "clientMessageId"),
        ("POST", send, 201, None, "a body is documented, but the answer has none"),
        ("POST", send, 202, Some(message()), "this status is not documented"),
        ("GET", one, 403, Some(error("wrong_role")), "this status is not documented"),
        ("GET", one, 404, Some(error("room_not_found")), "/code"),
        ("GET", "/companies/x", 400, Some(invalid), "\"fields\" is a required property"),
        ("GET", one, 404, Some(not_found), "/fields"),
        ("GET", one, 200, Some(company), "/description"),
        ("PATCH", "/companies/me", 204, Some(json!({})), "no body is documented"),
    ] {
        let found = contract().check_answer(method, path, status, body.as_ref()).unwrap_err();
        assert!(found.starts_with(&format!("{method} {path} answered {status}, ")), "{found}");
        assert!(found.contains(problem), "{problem:?} is expected: {found}");
        let body = body.map_or_else(|| "none".to_owned(), |body| body.to_string());
        assert!(found.ends_with(&body), "{found}");
    }
}

#[test]
fn literal_path_takes_precedence_over_a_variable() {
    let own = json!({
        "id": 7, "username": "skyflower", "name": "하늘꽃집", "description": "", "imageUrl": null, "profileVisibility": true,
    });
    assert_eq!(contract().check_answer("GET", "/companies/me", 200, Some(&own)), Ok(()));
    assert!(contract().check_answer("GET", "/companies/7", 200, Some(&own)).is_err());
    let found = json!({ "companySummaries": [], "page": { "current": 2, "total": 0 } });
    assert_eq!(contract().check_answer("GET", "/companies?keyword=/7&page=2", 200, Some(&found)), Ok(()));
}

#[test]
fn unmatched_request_must_get_404_or_405() {
    for (method, path, status, code, allowed) in [
        ("GET", "/nowhere", 404, "route_not_found", true),
        ("GET", "/companies/", 404, "route_not_found", true),
        ("PUT", "/companies/me", 405, "method_not_allowed", true),
        ("PATCH", "/companies/7", 405, "method_not_allowed", true),
        ("PATCH", "/companies/7", 404, "route_not_found", false),
        ("GET", "/nowhere", 405, "method_not_allowed", false),
        ("GET", "/nowhere", 404, "method_not_allowed", false),
    ] {
        let outcome = contract().check_answer(method, path, status, Some(&error(code)));
        assert_eq!(outcome.is_ok(), allowed, "{outcome:?}");
    }
}

#[test]
fn invalid_event_is_detected() {
    let sender = json!({ "name": "김하늘", "imageUrl": null });
    let event =
        |message: Value| json!({ "type": "message", "roomId": 31, "message": message, "sender": sender });
    assert_eq!(contract().check_event(&event(message())), Ok(()));
    for (event, problem) in [
        (event(changed(message(), "content", Value::Null)), "/message: \"content\" is a required property"),
        (changed(event(message()), "seq", json!(2)), "'seq' was unexpected"),
        (changed(event(message()), "sender", Value::Null), "\"sender\" is a required property"),
        (
            changed(event(message()), "sender", json!({ "name": "김하늘" })),
            "/sender: \"imageUrl\" is a required property",
        ),
        (changed(event(message()), "roomId", json!(0)), "/roomId: 0 is less than the minimum of 1"),
        (changed(event(message()), "type", json!("gossip")), "its type is not one of"),
        (json!({ "message": "Internal server error" }), "its type is not one of"),
        (json!([]), "its type is not one of"),
    ] {
        let found = contract().check_event(&event).unwrap_err();
        let described = found.contains(problem) && found.ends_with(&event.to_string());
        assert!(described, "{problem:?} is expected: {found}");
    }
}
