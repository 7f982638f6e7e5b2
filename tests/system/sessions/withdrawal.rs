//! `DELETE …/me`: a withdrawn account no longer exists for others, except in the rooms of its
//! counterparts.

use chatchat_harness::{PASSWORD, Socket};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Login, assert_closed, assert_cookie_cleared};
use crate::{assert_refused, in_world, mark_read, send_message, withdraw};

#[test]
fn withdrawn_company_is_hidden_and_its_customers_keep_the_room() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let client = &world.client;
        send_message(&company, room, "어서 오세요").await.expect(201).unwrap();
        let entry = json!({ "question": "언제 여나요?", "answer": "아침 7시입니다." });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().expect(201).unwrap();
        let login = Login::of(&company).await;
        let mut sockets = [company.connect().await.unwrap(), login.person.connect().await.unwrap()];
        let ticket = company.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();

        let wrong = json!({ "password": "wrong-2026" });
        let wrong = company.call(Method::DELETE, "/companies/me", &wrong).await.unwrap();
        assert_refused(&wrong, 403, "wrong_password");
        let withdrawn = withdraw(&company).await;
        assert_eq!(withdrawn.status, 204);
        assert_cookie_cleared(&withdrawn, "company");
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        login.assert_ended().await;
        assert_refused(&withdraw(&company).await, 401, "unauthenticated");
        assert_eq!(Socket::handshake(&ticket, &[]).await.err(), Some(401));
        let body = json!({ "username": company.username, "password": PASSWORD });
        let refused = client.call(Method::POST, "/company/session", None, &body).await.unwrap();
        assert_refused(&refused, 400, "login_failed");
        for path in ["/customers", "/companies"] {
            let body = json!({ "username": company.username.to_uppercase(), "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새사람" });
            let taken = client.call(Method::POST, path, None, &body).await.unwrap();
            assert_refused(&taken, 409, "username_taken");
        }

        for token in [Some(customer.token.as_str()), None] {
            for path in ["/companies/", "/auto-replies?companyId="] {
                let path = format!("{path}{}", company.id);
                let answer = client.call(Method::GET, &path, token, &Value::Null).await.unwrap();
                assert_refused(&answer, 404, "company_not_found");
            }
        }
        let directory = client.call(Method::GET, "/companies", None, &Value::Null).await.unwrap().body;
        let mut listed = directory["companySummaries"].as_array().unwrap().iter();
        assert!(!listed.any(|found| found["id"] == company.id));
        let detail = customer.get(&customer.room(room)).await.unwrap().expect(200).unwrap().body;
        for shown in [&detail, &customer.listed_room(room).await.unwrap()] {
            assert_eq!(
                (&shown["receiverDeleted"], &shown["receiverName"], &shown["receiverImageUrl"]),
                (&json!(true), &Value::Null, &Value::Null)
            );
        }
        assert_eq!(customer.history(room).await.unwrap().len(), 2);
        assert_refused(&send_message(&customer, room, "계세요?").await, 409, "receiver_withdrawn");
        let path = format!("/auto-replies/{}", entry.body["id"]);
        let asking = customer.post(&path, &json!({ "chatRoomId": room })).await.unwrap();
        assert_refused(&asking, 409, "receiver_withdrawn");
        let opening = json!({ "companyId": company.id });
        let known = customer.post("/customer/chatrooms", &opening).await.unwrap();
        assert!(
            known.status == 200 && known.body["chatRoomId"] == room || known.code() == "company_not_found",
            "{}",
            known.body
        );
        let stranger = world.customer().await.post("/customer/chatrooms", &opening).await.unwrap();
        assert_refused(&stranger, 404, "company_not_found");
    });
}

#[test]
fn company_can_read_but_not_send_after_a_customers_withdrawal() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send_message(&customer, room, "안녕하세요").await.expect(201).unwrap();
        let mut socket = company.connect().await.unwrap();
        assert_eq!(withdraw(&customer).await.status, 204);
        let shown = company.listed_room(room).await.unwrap();
        assert_eq!((&shown["receiverDeleted"], &shown["receiverName"]), (&json!(true), &Value::Null));
        assert_eq!(company.history(room).await.unwrap().len(), 2);
        assert_refused(&send_message(&company, room, "계세요?").await, 409, "receiver_withdrawn");
        socket.say(room, "계세요?").await.unwrap();
        assert_eq!(socket.next_of("error").await.unwrap()["code"], "receiver_withdrawn");
        mark_read(&company, room, 2).await;
    });
}
