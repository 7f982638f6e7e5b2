//! Pictures in profiles: which URLs a profile accepts, and where the picture appears.

use chatchat_harness::{Person, System, SystemOptions, new_username};
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    making::{self, encoded, landscape},
    served, uploaded,
};
use crate::{block_on, client_of, in_world, postgres, send_message, wrong_fields};

#[test]
fn uploaded_picture_appears_wherever_the_profile_does() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        // A name that no other test's company has.
        let name = new_username("p");
        company.call(Method::PATCH, "/companies/me", &json!({ "name": name })).await.unwrap();
        let mut urls = Vec::new();
        for (person, own, size) in [(&customer, "/customers/me", 50), (&company, "/companies/me", 60)] {
            let url = uploaded(person, &encoded(landscape(size, size), ImageFormat::Png)).await;
            let change = json!({ "imageUrl": url });
            person.call(Method::PATCH, own, &change).await.unwrap().expect(204).unwrap();
            assert_eq!(person.get(own).await.unwrap().body["imageUrl"], url.as_str());
            urls.push(url);
        }
        // A company's list has only rooms with a message of a person.
        send_message(&customer, room, "안녕하세요").await.expect(201).unwrap();
        assert_eq!(company.listed_room(room).await.unwrap()["receiverImageUrl"], urls[0].as_str());
        assert_eq!(customer.listed_room(room).await.unwrap()["receiverImageUrl"], urls[1].as_str());
        let shown = customer.get(&format!("/companies/{}", company.id)).await.unwrap();
        assert_eq!(shown.body["imageUrl"], urls[1].as_str());
        let search = format!("/companies?keyword={name}");
        let found = world.client.call(Method::GET, &search, None, &Value::Null).await.unwrap();
        assert_eq!(
            found.body["companySummaries"],
            json!([{ "id": company.id, "name": name, "description": "", "imageUrl": urls[1] }])
        );
        let opened = customer.get(&customer.room(room)).await.unwrap();
        assert_eq!(opened.body["receiverImageUrl"], urls[1].as_str());
        let (mut one, mut other) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        one.say(room, "사진이 보이나요?").await.unwrap();
        let sender = other.next_of("message").await.unwrap()["sender"].clone();
        assert_eq!(sender, json!({ "name": "김하늘", "imageUrl": urls[0] }));

        for (person, own) in [(&customer, "/customers/me"), (&company, "/companies/me")] {
            for (change, has_picture) in
                [(json!({ "name": "새이름" }), true), (json!({ "imageUrl": "" }), false)]
            {
                person.call(Method::PATCH, own, &change).await.unwrap().expect(204).unwrap();
                let profile = person.get(own).await.unwrap().body;
                assert_eq!(
                    (profile["imageUrl"].is_string(), &profile["name"]),
                    (has_picture, &json!("새이름"))
                );
            }
        }
    });
}

#[test]
fn profile_accepts_only_urls_of_own_uploads() {
    in_world(|world| async move {
        let (customer, other, company) =
            (world.customer().await, world.customer().await, world.company().await);
        let foreign = uploaded(&other, &encoded(landscape(31, 31), ImageFormat::Png)).await;
        let own = uploaded(&customer, &encoded(landscape(32, 32), ImageFormat::Png)).await;
        let name = own.rsplit('/').next().unwrap();
        let refused = [
            foreign,
            own.replace(name, &format!("{}.jpg", "0".repeat(64))),
            format!("https://evil.example{own}"),
            format!("//evil.example{own}"),
            format!("{}{own}", world.client.url),
            own.replace("/profile/", "//profile/"),
            format!("{own}?x=1"),
            format!("{own}#x"),
            format!("{own} "),
            own.to_uppercase(),
            format!("/profile/{name}"),
            "javascript:alert(1)".to_owned(),
            format!("data:text/html,{}", making::MARKER),
            "https://evil.example/x.png".to_owned(),
        ];
        for (person, path) in [(&customer, "/customers/me"), (&company, "/companies/me")] {
            let before = person.get(path).await.unwrap().body;
            for url in &refused {
                let change = json!({ "name": "바뀐이름", "imageUrl": url });
                let answer = person.call(Method::PATCH, path, &change).await.unwrap();
                assert_eq!(answer.status, 400, "{url}");
                assert_eq!(wrong_fields(&answer.body), [("imageUrl", "unknown_picture")], "{url}");
            }
            assert_eq!(person.get(path).await.unwrap().body, before, "a rejected change changes nothing");
        }
        let wrong = json!({ "name": "가".repeat(21), "imageUrl": "https://evil.example/x.png" });
        let answer = customer.call(Method::PATCH, "/customers/me", &wrong).await.unwrap();
        assert_eq!(wrong_fields(&answer.body), [("name", "too_long"), ("imageUrl", "unknown_picture")]);
        let by_company = company.call(Method::PATCH, "/customers/me", &json!({})).await.unwrap();
        assert_eq!((by_company.status, by_company.code()), (403, "wrong_role"));
        let change = json!({ "imageUrl": own });
        customer.call(Method::PATCH, "/customers/me", &change).await.unwrap().expect(204).unwrap();
    });
}

#[test]
fn two_accounts_can_use_the_same_picture() {
    in_world(|world| async move {
        let (one, two) = (world.customer().await, world.customer().await);
        let file = encoded(landscape(33, 33), ImageFormat::Png);
        let url = uploaded(&one, &file).await;
        let change = json!({ "imageUrl": url });
        let early = two.call(Method::PATCH, "/customers/me", &change).await.unwrap();
        assert_eq!(early.status, 400);
        let own = uploaded(&two, &file).await;
        assert_ne!(own, url, "each upload has its own URL");
        for (person, url) in [(&one, &url), (&two, &own)] {
            let change = json!({ "imageUrl": url });
            person.call(Method::PATCH, "/customers/me", &change).await.unwrap().expect(204).unwrap();
        }
        one.call(Method::PATCH, "/customers/me", &json!({ "imageUrl": null })).await.unwrap();
        assert_eq!(two.get("/customers/me").await.unwrap().body["imageUrl"], own.as_str());
        served(&world.client, &own).await;
    });
}

#[test]
fn profile_keeps_its_picture_when_the_origin_changes() {
    block_on(|| async {
        let state = tempfile::tempdir().unwrap();
        let start = async || {
            let options = SystemOptions {
                state: Some(state.path().to_owned()),
                postgres: Some(postgres().await),
                ..SystemOptions::default()
            };
            System::start(options).await.unwrap()
        };
        let system = start().await;
        let (mut customer, mut company) = (
            Person::customer(&client_of(&system), "김하늘").await.unwrap(),
            Person::company(&client_of(&system), "새벽빵집").await.unwrap(),
        );
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let mut urls = Vec::new();
        for (person, own, size) in [(&customer, "/customers/me", 39), (&company, "/companies/me", 40)] {
            let url = uploaded(person, &encoded(landscape(size, size), ImageFormat::Png)).await;
            let change = json!({ "imageUrl": url });
            person.call(Method::PATCH, own, &change).await.unwrap().expect(204).unwrap();
            urls.push(url);
        }
        system.stop().await;

        // The new system has another port, and so another origin.
        let system = start().await;
        for (person, own, url) in
            [(&mut customer, "/customers/me", &urls[0]), (&mut company, "/companies/me", &urls[1])]
        {
            person.client = client_of(&system);
            let profile = person.get(own).await.unwrap().body;
            assert_eq!(profile["imageUrl"], url.as_str());
            person.call(Method::PATCH, own, &profile).await.unwrap().expect(204).unwrap();
            served(&person.client, url).await;
        }
        assert_eq!(customer.listed_room(room).await.unwrap()["receiverImageUrl"], urls[1].as_str());
        system.stop().await;
    });
}
