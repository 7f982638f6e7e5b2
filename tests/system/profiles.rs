//! Profiles and the directory of companies.

use chatchat_harness::{Client, Person, new_username};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{assert_refused, in_own_world, in_world, wait_for_blocked, withdraw, wrong_fields};

#[test]
fn fields_that_a_profile_change_omits_stay_the_same() {
    in_world(|world| async move {
        let company = Person::company(&world.client, "새벽빵집").await.unwrap();
        let own = || async { company.get("/companies/me").await.unwrap().expect(200).unwrap().body };
        let change = |body: Value| {
            let company = company.clone();
            async move { company.call(Method::PATCH, "/companies/me", &body).await.unwrap() }
        };
        let mut expected = json!({
            "id": company.id, "username": company.username, "name": "새벽빵집",
            "description": "", "imageUrl": null, "profileVisibility": false,
        });
        assert_eq!(own().await, expected);
        assert_eq!(change(json!({})).await.status, 204);
        assert_eq!(
            change(json!({ "description": " 매일 새벽에 굽습니다. ", "imageUrl": null })).await.status,
            204
        );
        expected["description"] = "매일 새벽에 굽습니다.".into();
        assert_eq!(own().await, expected);
        assert_eq!(
            change(json!({ "name": "아침빵집", "profileVisibility": true, "imageUrl": "" })).await.status,
            204
        );
        expected["name"] = "아침빵집".into();
        expected["profileVisibility"] = true.into();
        assert_eq!(own().await, expected);

        let refused = change(json!({ "name": "가".repeat(21), "profileVisibility": "yes", "imageUrl": "https://evil.example/x.png" })).await;
        assert_eq!(refused.status, 400);
        assert_eq!(
            wrong_fields(&refused.body),
            [("name", "too_long"), ("imageUrl", "unknown_picture"), ("profileVisibility", "wrong_type")]
        );
        assert_eq!(own().await, expected, "a rejected change changes nothing");
    });
}

#[test]
fn customer_gets_its_profile() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let profile = customer.get("/customers/me").await.unwrap().expect(200).unwrap().body;
        assert_eq!(
            profile,
            json!({ "id": customer.id, "username": customer.username, "name": "김하늘", "imageUrl": null })
        );
    });
}

#[test]
fn directory_lists_visible_companies_newest_first() {
    in_world(|world| async move {
        // A name that no other test's company has.
        let name = new_username("d");
        let mut ids = Vec::new();
        for number in 0..12 {
            let company = Person::company(&world.client, &format!("{name} {number}")).await.unwrap();
            if number != 5 {
                company.become_visible().await.unwrap();
                ids.insert(0, json!(company.id));
            }
        }
        let search = |keyword: String, page: i64| async move {
            let path = format!("/companies?keyword={}&page={page}", keyword.replace(' ', "%20"));
            let body = world
                .client
                .call(Method::GET, &path, None, &Value::Null)
                .await
                .unwrap()
                .expect(200)
                .unwrap()
                .body;
            let found: Vec<_> = body["companySummaries"]
                .as_array()
                .unwrap()
                .iter()
                .map(|company| company["id"].clone())
                .collect();
            (found, body["page"].clone())
        };
        assert_eq!(search(name.clone(), 1).await, (ids[..10].to_vec(), json!({ "current": 1, "total": 2 })));
        assert_eq!(
            search(name.to_uppercase(), 2).await,
            (ids[10..].to_vec(), json!({ "current": 2, "total": 2 }))
        );
        assert_eq!(search(name.clone(), 3).await, (vec![], json!({ "current": 3, "total": 2 })));
        assert_eq!(search(format!("{name} 11"), 1).await.0, ids[..1]);
        assert_eq!(
            search(format!("{name}_"), 1).await,
            (vec![], json!({ "current": 1, "total": 0 })),
            "_ is not a wildcard"
        );
        assert_eq!(search("%25".to_owned(), 1).await.0, Vec::<Value>::new(), "% is not a wildcard");
    });
}

#[test]
fn hidden_company_is_shown_to_itself_and_its_customers() {
    in_world(|world| async move {
        let (customer, company, _) = world.pair().await;
        let stranger = world.customer().await;
        let path = format!("/companies/{}", company.id);
        assert_eq!(world.client.call(Method::GET, &path, None, &Value::Null).await.unwrap().status, 200);
        company.call(Method::PATCH, "/companies/me", &json!({ "profileVisibility": false })).await.unwrap();
        assert_eq!(customer.get(&path).await.unwrap().status, 200);
        assert_eq!(company.get(&path).await.unwrap().status, 200);

        let mut hidden = stranger.get(&path).await.unwrap();
        let mut missing = stranger.get("/companies/9007199254740991").await.unwrap();
        for answer in [&mut hidden, &mut missing] {
            answer.body.as_object_mut().unwrap().remove("requestId");
        }
        assert_eq!((hidden.status, hidden.code(), &hidden.body), (404, "company_not_found", &missing.body));
        assert_eq!(world.client.call(Method::GET, &path, None, &Value::Null).await.unwrap().status, 404);

        let opened = stranger.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap();
        assert_eq!(opened.code(), "company_not_found");
        let again = customer.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap();
        assert_eq!(again.status, 200, "an existing room stays open");
    });
}

/// Returns the companies that the directory finds for a keyword.
async fn found(client: &Client, keyword: &str) -> Vec<Value> {
    let path = format!("/companies?keyword={}", keyword.replace(' ', "%20"));
    let answer = client.call(Method::GET, &path, None, &Value::Null).await.unwrap().expect(200).unwrap();
    answer.body["companySummaries"].as_array().unwrap().clone()
}

#[test]
fn keyword_matches_composed_and_decomposed_characters() {
    in_world(|world| async move {
        let unique = new_username("d")[..9].to_owned();
        let (composed, decomposed) =
            ("\u{d558}\u{b298} caf\u{e9}", "\u{1112}\u{1161}\u{1102}\u{1173}\u{11af} cafe\u{301}");
        for name in [composed, decomposed] {
            let company = Person::company(&world.client, &format!("{unique}{name}")).await.unwrap();
            company.become_visible().await.unwrap();
            for keyword in [composed, decomposed] {
                for keyword in [
                    keyword.to_owned(),
                    keyword.to_uppercase(),
                    keyword[..keyword.find(' ').unwrap()].to_owned(),
                ] {
                    let listed = found(&world.client, &format!("{unique}{keyword}")).await;
                    assert_eq!(listed[0]["id"], company.id, "{name:?} by {keyword:?}");
                    assert_eq!(listed[0]["name"], format!("{unique}{composed}"), "{keyword:?}");
                }
            }
        }
    });
}

#[test]
fn company_withdrawn_while_becoming_visible_is_not_listed() {
    in_own_world(async |world| {
        let company = Person::company(&world.client, "새벽빵집").await.unwrap();
        let (mut locking, watching) = (world.database().await, world.database().await);
        // The withdrawal locks the account's row and then waits for the company's row. The change
        // waits for the account's row.
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from companies where account_id = $1 for update", &[&company.id]).await.unwrap();
        let change = json!({ "profileVisibility": true });
        let (gone, changed, ()) = tokio::join!(
            withdraw(&company),
            async {
                wait_for_blocked(&watching, 1).await;
                company.call(Method::PATCH, "/companies/me", &change).await.unwrap()
            },
            async {
                wait_for_blocked(&watching, 2).await;
                lock.commit().await.unwrap();
            }
        );
        assert_eq!(gone.status, 204, "{}", gone.body);
        assert_refused(&changed, 401, "unauthenticated");
        assert_eq!(found(&world.client, "").await, Vec::<Value>::new());
    });
}
