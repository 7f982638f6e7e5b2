//! Invalid input over HTTP: each error names the invalid fields, in the form that the contract
//! defines.

use chatchat_harness::{Client, Person};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{in_world, wrong_fields};

#[test]
fn sign_up_reports_all_invalid_fields() {
    in_world(|world| async move {
        for (body, expected) in [
            (
                json!({}),
                vec![
                    ("username", "required"),
                    ("password", "required"),
                    ("confirmPassword", "required"),
                    ("name", "required"),
                ],
            ),
            (
                json!({ "username": "한글", "password": "short", "confirmPassword": "other", "name": "" }),
                vec![
                    ("username", "invalid_characters"),
                    ("password", "too_short"),
                    ("name", "required"),
                    ("confirmPassword", "mismatch"),
                ],
            ),
            (
                json!({ "username": "haneul2026", "password": "my HANEUL2026", "confirmPassword": "my HANEUL2026", "name": "a\0b" }),
                vec![("name", "invalid_characters"), ("password", "contains_username")],
            ),
            (
                json!({ "username": 7, "password": ["a"], "confirmPassword": {}, "name": true }),
                vec![
                    ("username", "wrong_type"),
                    ("password", "wrong_type"),
                    ("confirmPassword", "wrong_type"),
                    ("name", "wrong_type"),
                ],
            ),
            (
                json!({ "username": "a".repeat(21), "password": "a1".repeat(33), "confirmPassword": "a1".repeat(33), "name": "가".repeat(21) }),
                vec![("username", "too_long"), ("password", "too_long"), ("name", "too_long")],
            ),
            (
                json!({ "username": "haneul01", "password": "letters-only", "confirmPassword": "letters-only", "name": "줄\n바꿈" }),
                vec![("password", "letter_and_digit_required"), ("name", "invalid_characters")],
            ),
        ] {
            let answer = world.client.call(Method::POST, "/customers", None, &body).await.unwrap();
            assert_eq!((answer.status, answer.code()), (400, "validation_failed"), "{body}");
            let mut found = wrong_fields(&answer.body);
            let mut expected = expected;
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{body}");
        }
    });
}

#[test]
fn body_that_is_not_a_json_object_is_rejected() {
    in_world(|world| async move {
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(64 * 1024));
        let deep = "[".repeat(10_000);
        for (body, content_type, status, code) in [
            ("", "application/json", 400, "malformed_json"),
            ("{", "application/json", 400, "malformed_json"),
            ("nonsense", "application/json", 400, "malformed_json"),
            ("{\"username\": 1e999}", "application/json", 400, "malformed_json"),
            ("{\"username\": \"\\ud800\"}", "application/json", 400, "malformed_json"),
            (&deep, "application/json", 400, "malformed_json"),
            ("[]", "application/json", 400, "validation_failed"),
            ("null", "application/json", 400, "validation_failed"),
            ("\"text\"", "application/json", 400, "validation_failed"),
            (&huge, "application/json", 413, "body_too_large"),
            ("{}", "text/plain", 415, "unsupported_media_type"),
            ("a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
            ("{}", "", 415, "unsupported_media_type"),
        ] {
            let mut request = world.client.request(Method::POST, "/customers").body(body);
            if !content_type.is_empty() {
                request = request.header("content-type", content_type);
            }
            let answer = request.send().await.unwrap();
            assert_eq!((answer.status, answer.code()), (status, code), "{content_type} {body:.40}");
        }
        let not_utf8 =
            world.client.request(Method::POST, "/customers").header("content-type", "application/json");
        let answer = not_utf8.body(b"{\"name\":\"\xff\xfe\"}".to_vec()).send().await.unwrap();
        assert_eq!((answer.status, answer.code()), (400, "malformed_json"));
    });
}

#[test]
fn invalid_ids_and_query_parameters_are_rejected() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        for (path, field, code) in [
            ("/customer/chatrooms/0".to_owned(), "id", "out_of_range"),
            ("/customer/chatrooms/-1".to_owned(), "id", "wrong_type"),
            ("/customer/chatrooms/abc".to_owned(), "id", "wrong_type"),
            ("/customer/chatrooms/1.5".to_owned(), "id", "wrong_type"),
            ("/customer/chatrooms/%00".to_owned(), "id", "wrong_type"),
            ("/customer/chatrooms/9007199254740992".to_owned(), "id", "out_of_range"),
            ("/customer/chatrooms/9223372036854775808".to_owned(), "id", "out_of_range"),
            ("/customer/chatrooms/1'%20or%20'1'='1".to_owned(), "id", "wrong_type"),
            ("/customer/chatrooms?limit=-1".to_owned(), "limit", "wrong_type"),
            ("/customer/chatrooms?limit=0".to_owned(), "limit", "out_of_range"),
            ("/customer/chatrooms?limit=51".to_owned(), "limit", "out_of_range"),
            ("/customer/chatrooms?limit=".to_owned(), "limit", "wrong_type"),
            ("/customer/chatrooms?filter=".to_owned(), "filter", "invalid_format"),
            ("/customer/chatrooms?filter=read".to_owned(), "filter", "invalid_format"),
            ("/customer/chatrooms?keyword=a%0Ab".to_owned(), "keyword", "invalid_characters"),
            (format!("/customer/chatrooms?keyword={}", "a".repeat(101)), "keyword", "too_long"),
            (format!("/customer/chatrooms/{room}?limit=101"), "limit", "out_of_range"),
            (format!("/customer/chatrooms/{room}?limit=9223372036854775808"), "limit", "out_of_range"),
            ("/companies?page=-1".to_owned(), "page", "wrong_type"),
            ("/companies?page=0".to_owned(), "page", "out_of_range"),
            ("/companies?page=one".to_owned(), "page", "wrong_type"),
            ("/companies?page=".to_owned(), "page", "wrong_type"),
            ("/companies?page=9223372036854775808".to_owned(), "page", "out_of_range"),
            (format!("/customer/chatrooms/{room}/messages?limit=0"), "limit", "out_of_range"),
            (format!("/customer/chatrooms/{room}/messages?limit=101"), "limit", "out_of_range"),
            (format!("/customer/chatrooms/{room}/messages?after=-1"), "after", "wrong_type"),
            (format!("/customer/chatrooms/{room}/messages?after=1&before=5"), "before", "conflict"),
            ("/companies/0".to_owned(), "id", "out_of_range"),
            ("/companies?keyword=%00".to_owned(), "keyword", "invalid_characters"),
        ] {
            let answer = customer.get(&path).await.unwrap();
            assert_eq!((answer.status, answer.code()), (400, "validation_failed"), "{path}");
            assert_eq!(wrong_fields(&answer.body), [(field, code)], "{path}");
        }
        let several = customer.get("/customer/chatrooms/x?limit=x").await.unwrap();
        assert_eq!(wrong_fields(&several.body), [("id", "wrong_type"), ("limit", "wrong_type")]);
    });
}

#[test]
fn path_and_body_errors_come_together_in_the_clients_language() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let send = |language: &'static str| {
            let token = format!("Bearer {}", customer.token);
            async move {
                let request = world.client.request(Method::POST, "/customer/chatrooms/x/messages");
                let request = request.header("authorization", &token).header("accept-language", language);
                request
                    .header("content-type", "application/json")
                    .body(r#"{"content":""}"#)
                    .send()
                    .await
                    .unwrap()
                    .body
            }
        };
        let (korean, english) = (send("ko-KR,ko;q=0.9,en;q=0.8").await, send("en-US,en;q=0.9").await);
        for body in [&korean, &english] {
            assert_eq!(
                wrong_fields(body),
                [("id", "wrong_type"), ("clientMessageId", "required"), ("content", "required")]
            );
        }
        assert_eq!(korean["message"], "입력값을 확인해 주세요.");
        assert_eq!(english["message"], "Some values are not valid.");
        assert_eq!(english["fields"][2]["message"], "This is required.");
    });
}

#[test]
fn unmatched_request_gets_404_or_405() {
    in_world(|world| async move {
        for (method, path, status, code, allow) in [
            (Method::GET, "/", 404, "route_not_found", ""),
            (Method::GET, "/companies/", 404, "route_not_found", ""),
            (Method::POST, "/nope", 404, "route_not_found", ""),
            (Method::PUT, "/companies/me", 405, "method_not_allowed", "DELETE, GET, PATCH"),
            (Method::PUT, "/customers", 405, "method_not_allowed", "POST"),
        ] {
            // This client does not check answers: these routes are not in the OpenAPI document.
            let client = Client::new(&world.client.url).unwrap();
            let answer = client.call(method.clone(), path, None, &Value::Null).await.unwrap();
            assert_eq!(
                (answer.status, answer.code(), answer.header("allow")),
                (status, code, allow),
                "{method} {path}"
            );
            assert!(
                answer.body["requestId"].as_str().is_some_and(|id| id == answer.header("apigw-requestid"))
            );
        }
    });
}

#[test]
fn identity_in_the_body_is_ignored() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let stranger = Person::customer(&world.client, "낯선이").await.unwrap();
        let body = json!({
            "clientMessageId": Uuid::new_v4().to_string(), "content": "나는 회사다",
            "senderId": company.id, "accountId": company.id, "sender": "company", "type": "auto", "seq": 99, "id": 1,
        });
        let answer = customer
            .post(&format!("{}/messages", customer.room(room)), &body)
            .await
            .unwrap()
            .expect(201)
            .unwrap();
        assert_eq!(
            (&answer.body["senderId"], &answer.body["type"], &answer.body["seq"]),
            (&json!(customer.id), &json!("general"), &json!(2))
        );
        let open = json!({ "companyId": company.id, "customerId": customer.id });
        let other = stranger.post("/customer/chatrooms", &open).await.unwrap();
        assert_ne!(other.body["chatRoomId"], room);
    });
}

/// API Gateway answers preflight requests itself. If one reaches `$default` nevertheless, an error
/// would keep browsers from sending the actual request.
#[test]
fn preflight_at_the_default_route_gets_204() {
    in_world(|world| async move {
        let answer = async |path: &str, headers: Value| {
            let event = json!({
                "version": "2.0", "routeKey": "$default", "rawPath": format!("/api{path}"), "rawQueryString": "", "headers": headers,
                "requestContext": {
                    "accountId": "000000000000", "apiId": "httpapi", "requestId": "preflight", "routeKey": "$default", "stage": "api",
                    "domainName": "localhost", "domainPrefix": "localhost", "time": "22/Nov/2026:00:00:00 +0000", "timeEpoch": 0,
                    "http": { "method": "OPTIONS", "path": format!("/api{path}"), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "" },
                },
                "isBase64Encoded": false,
            });
            world.system.cloud.invoke("Unrouted", event).await.unwrap()["statusCode"].clone()
        };
        let preflight =
            json!({ "origin": "https://chat.example.com", "access-control-request-method": "PATCH" });
        assert_eq!(answer("/customers/me", preflight.clone()).await, 204);
        assert_eq!(answer("/customers/me", json!({ "origin": "https://chat.example.com" })).await, 405);
        assert_eq!(answer("/nothing", preflight).await, 404);
    });
}
