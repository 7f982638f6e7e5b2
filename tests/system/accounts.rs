//! Sign-up, login, and access tokens that are invalid.

use chatchat_harness::{Answer, Client, PASSWORD, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{assert_refused, in_world, rounds, template};

async fn sign_up(client: &Client, path: &str, username: &str) -> Answer {
    let body =
        json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "이름" });
    client.in_new_network().unwrap().call(Method::POST, path, None, &body).await.unwrap()
}

async fn log_in(client: &Client, kind: &str, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    client.call(Method::POST, &format!("/{kind}/session"), None, &body).await.unwrap()
}

#[test]
fn username_is_unique_across_roles_and_letter_case() {
    in_world(|world| async move {
        let username = new_username("taken");
        assert_eq!(sign_up(&world.client, "/customers", &username).await.status, 201);
        for (path, name) in [("/customers", username.clone()), ("/companies", username.to_uppercase())] {
            let answer = sign_up(&world.client, path, &name).await;
            assert_eq!((answer.status, answer.code()), (409, "username_taken"));
        }
    });
}

#[test]
fn one_of_fifty_sign_ups_with_one_username_succeeds() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let username = new_username("race");
            let answers = join_all((0..50).map(|_| sign_up(&world.client, "/customers", &username))).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
            assert_eq!(answers.iter().filter(|answer| answer.code() == "username_taken").count(), 49);
        }
        println!("50 sign-ups at once with one username, {} rounds", rounds());
    });
}

#[test]
fn login_returns_a_token_and_sets_an_http_only_cookie() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let answer = customer.log_in().await.unwrap();
        assert_eq!(answer.body["expiresIn"], 1800);
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("__Host-customer="), "{cookie}");
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=1209600"] {
            assert!(cookie.split("; ").any(|found| found == part), "{part} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let upper_case = log_in(&world.client, "customer", &customer.username.to_uppercase(), PASSWORD).await;
        assert_eq!(upper_case.status, 201, "login ignores the case of the username");
    });
}

#[test]
fn all_failed_logins_get_the_same_answer() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let mut answers = vec![
            log_in(&world.client, "customer", &customer.username, "wrong-2026").await,
            log_in(&world.client, "customer", &new_username("unknown"), PASSWORD).await,
            log_in(&world.client, "company", &customer.username, PASSWORD).await,
            log_in(&world.client, "customer", "\0", PASSWORD).await,
            log_in(&world.client, "customer", "", "").await,
        ];
        for answer in &mut answers {
            answer.body.as_object_mut().unwrap().remove("requestId");
            assert_eq!(
                (answer.status, &answer.body),
                (
                    400,
                    &json!({
                        "code": "login_failed", "message": "아이디 또는 비밀번호가 맞지 않아요.",
                    })
                )
            );
        }
    });
}

#[test]
fn ended_session_gets_401_on_every_route() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let database = world.database().await;
        let ended = "update sessions set ended_at = now() where account_id = any($1)";
        database.execute(ended, &[&vec![customer.id, company.id]]).await.unwrap();
        // These routes need no session, or find it by its cookie.
        let public = [
            "/customers",
            "/companies",
            "/customer/session",
            "/company/session",
            "/customer/token",
            "/company/token",
            "/health",
            "$default",
        ];
        let routes: Vec<_> = template()
            .http_routes()
            .unwrap()
            .into_iter()
            .filter(|route| {
                !public.contains(&route.path.as_str())
                    || (route.method == "GET" && route.path == "/companies")
            })
            .collect();
        assert!(routes.len() > 25);
        for (route, person) in routes.iter().flat_map(|route| [(route, &customer), (route, &company)]) {
            let path = route.path.replace("{id}", &room.to_string());
            for body in [Value::Null, json!({ "name": 1 })] {
                let answer = person.call(route.method.parse().unwrap(), &path, &body).await.unwrap();
                assert_refused(&answer, 401, "unauthenticated");
            }
        }
    });
}

#[test]
fn login_ignores_the_access_token() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let ended = "update sessions set ended_at = now() where account_id = $1";
        world.database().await.execute(ended, &[&customer.id]).await.unwrap();
        let body = json!({ "username": customer.username, "password": "wrong-2026" });
        let refused = customer.post("/customer/session", &body).await.unwrap();
        assert_eq!((refused.status, refused.code()), (400, "login_failed"));
        customer.token = "forged".to_owned();
        let body = json!({ "username": customer.username, "password": PASSWORD });
        assert_eq!(customer.post("/customer/session", &body).await.unwrap().status, 201);
    });
}

#[test]
fn token_of_the_other_role_gets_403() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        for (person, path) in [
            (&customer, "/companies/me".to_owned()),
            (&customer, "/company/chatrooms".to_owned()),
            (&customer, format!("/company/chatrooms/{room}")),
            (&company, "/customers/me".to_owned()),
            (&company, format!("/customer/chatrooms/{room}/messages")),
        ] {
            let answer = person.get(&path).await.unwrap();
            assert_eq!((answer.status, answer.code()), (403, "wrong_role"), "{path}");
        }
    });
}

#[test]
fn invalid_access_token_gets_401_even_on_public_routes() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let (head, rest) = customer.token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        for header in [
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            "Bearer x".to_owned(),
            format!("Basic {}", customer.token),
            customer.token.clone(),
            format!("Bearer {head}.{body}."),
            format!("Bearer {head}.{body}.{}", signature.chars().rev().collect::<String>()),
            format!("Bearer eyJhbGciOiJub25lIn0.{body}."),
        ] {
            for path in ["/customers/me", "/companies"] {
                let request = world.client.request(Method::GET, path).header("authorization", &header);
                let answer = request.send().await.unwrap();
                assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{header} {path}");
            }
        }
        let answer = world.client.call(Method::GET, "/customers/me", None, &Value::Null).await.unwrap();
        assert_eq!(answer.status, 401);
    });
}
