//! Which pictures are deleted, and when.

use std::{collections::BTreeSet, fs};

use chatchat_harness::{Person, System};
use chatchat_local::Fault;
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::{
    fetch,
    making::{encoded, landscape},
    served, uploaded,
};
use crate::{World, in_own_world, wrong_fields};

async fn show(person: &Person, url: Option<&str>) {
    let change = json!({ "imageUrl": url });
    person.call(Method::PATCH, "/customers/me", &change).await.unwrap().expect(204).unwrap();
}

/// Uploads a picture, which is the same for all calls with the same size.
async fn upload(person: &Person, size: u32) -> String {
    uploaded(person, &encoded(landscape(size, size), ImageFormat::Png)).await
}

async fn uploaded_and_shown(person: &Person, size: u32) -> String {
    let url = upload(person, size).await;
    show(person, Some(&url)).await;
    url
}

/// Calls the function, and returns how many pictures it deleted.
async fn delete(system: &System) -> Value {
    system.cloud.invoke("DeletePictures", json!({})).await.unwrap()["deleted"].clone()
}

/// Makes this time pass for all pictures.
async fn wait(database: &Client, time: &str) {
    let wait = format!("update pictures set expires_at = expires_at - interval '{time}'");
    database.execute(&wait, &[]).await.unwrap();
}

/// The pictures whose objects are in the bucket.
fn objects(system: &System) -> BTreeSet<String> {
    let files = fs::read_dir(system.cloud.files().join("picturebucket/pictures/profile")).unwrap();
    files.map(|file| format!("profile/{}", file.unwrap().file_name().to_str().unwrap())).collect()
}

/// The pictures that have a row.
async fn rows(database: &Client) -> BTreeSet<String> {
    database.query("select key from pictures", &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn keys<'a>(urls: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    urls.into_iter().map(|url| url.strip_prefix("/pictures/").unwrap().to_owned()).collect()
}

#[test]
fn pictures_that_no_profile_shows_are_deleted() {
    in_own_world(async |World { system, client }| {
        let database = crate::database(system).await;
        let [one, other, leaver] = [(); 3].map(|()| Person::customer(client, "김하늘"));
        let (one, other, leaver) = (one.await.unwrap(), other.await.unwrap(), leaver.await.unwrap());
        let replaced = uploaded_and_shown(&one, 30).await;
        let shown = uploaded_and_shown(&one, 31).await;
        let new = upload(&one, 32).await;
        let removed = uploaded_and_shown(&other, 33).await;
        show(&other, None).await;
        let (left, left_new) = (uploaded_and_shown(&leaver, 34).await, upload(&leaver, 35).await);
        let leave = "update accounts set withdrawn_at = now(), picture_key = null where id = $1";
        database.execute(leave, &[&leaver.id]).await.unwrap();

        assert_eq!(delete(system).await, 0, "an upload that runs now may still write its object");
        wait(&database, "3 minutes").await;
        let gone = [&replaced, &removed, &left, &left_new];
        assert_eq!(delete(system).await, gone.len());
        for url in gone {
            assert_eq!(fetch(client, Method::GET, url).await.status, 403, "{url}");
        }
        assert_eq!((objects(system), rows(&database).await), (keys([&shown, &new]), keys([&shown, &new])));
        for url in [&replaced, &left] {
            let change = json!({ "imageUrl": url });
            let answer = one.call(Method::PATCH, "/customers/me", &change).await.unwrap();
            assert_eq!(wrong_fields(&answer.body), [("imageUrl", "unknown_picture")]);
        }

        wait(&database, "23 hours 50 minutes").await;
        assert_eq!(delete(system).await, 0, "an unused picture is kept for a day");
        wait(&database, "20 minutes").await;
        assert_eq!(delete(system).await, 1);
        assert_eq!((objects(system), rows(&database).await), (keys([&shown]), keys([&shown])));
        served(client, &shown).await;
    });
}

#[test]
fn expired_picture_cannot_be_shown() {
    in_own_world(async |World { system, client }| {
        let database = crate::database(system).await;
        let customer = Person::customer(client, "김하늘").await.unwrap();
        let url = uploaded_and_shown(&customer, 30).await;
        show(&customer, None).await;
        show(&customer, Some(&url)).await;
        wait(&database, "3 minutes").await;
        assert_eq!(delete(system).await, 0, "a profile shows it again");
        show(&customer, None).await;
        // The picture has expired, but it is not deleted yet.
        wait(&database, "90 seconds").await;
        let change = json!({ "imageUrl": url });
        let answer = customer.call(Method::PATCH, "/customers/me", &change).await.unwrap();
        assert_eq!(wrong_fields(&answer.body), [("imageUrl", "unknown_picture")]);
        assert_eq!((delete(system).await, objects(system)), (json!(0), keys([&url])));
        wait(&database, "1 minute").await;
        assert_eq!((delete(system).await, objects(system)), (json!(1), BTreeSet::new()));
    });
}

/// Before keys were random, accounts with the same picture had the same key.
#[test]
fn shared_object_is_deleted_with_its_last_row() {
    in_own_world(async |World { system, client }| {
        let database = crate::database(system).await;
        let [one, other] = [(); 2].map(|()| Person::customer(client, "김하늘"));
        let (one, other) = (one.await.unwrap(), other.await.unwrap());
        let url = uploaded_and_shown(&one, 30).await;
        let share = "insert into pictures (account_id, key) select $1, key from pictures";
        database.execute(share, &[&other.id]).await.unwrap();
        show(&other, Some(&url)).await;
        show(&one, None).await;
        wait(&database, "3 minutes").await;
        assert_eq!(delete(system).await, 0);
        served(client, &url).await;
        show(&other, None).await;
        wait(&database, "3 minutes").await;
        assert_eq!((delete(system).await, objects(system)), (json!(1), BTreeSet::new()));
        assert_eq!(rows(&database).await, BTreeSet::new());
    });
}

#[test]
fn next_call_continues_after_a_failure() {
    in_own_world(async |World { system, client }| {
        let database = crate::database(system).await;
        let customer = Person::customer(client, "김하늘").await.unwrap();
        let (gone, kept) = (upload(&customer, 30).await, upload(&customer, 31).await);
        wait(&database, "2 days").await;
        let injection = system.cloud.inject(Fault::Storage, 1, u32::MAX);
        assert!(system.cloud.invoke("DeletePictures", json!({})).await.is_err());
        drop(injection);
        assert_eq!((objects(system), rows(&database).await), (keys([&gone, &kept]), keys([&gone, &kept])));
        // As if a call had ended after it deleted the object.
        fs::remove_file(system.cloud.files().join("picturebucket").join(&gone[1..])).unwrap();
        assert_eq!((delete(system).await, objects(system)), (json!(2), BTreeSet::new()));
        assert_eq!(rows(&database).await, BTreeSet::new());
    });
}

#[test]
fn uploads_and_deletions_at_once_keep_shown_pictures() {
    const ROUNDS: usize = 10;
    in_own_world(async |World { system, client }| {
        let database = crate::database(system).await;
        let mut customers = Vec::new();
        for _ in 0..4 {
            customers.push(Person::customer(client, "김하늘").await.unwrap());
        }
        // All upload the same two pictures again and again.
        let change = async |customer: &Person| {
            for round in 0..ROUNDS {
                let url = uploaded_and_shown(customer, 30 + u32::try_from(round % 2).unwrap()).await;
                served(client, &url).await;
            }
        };
        let deletions = async {
            let mut deleted = 0;
            while deleted < customers.len() * (ROUNDS - 1) {
                // Only replaced pictures get older, because an upload takes no minutes.
                let replaced = "update pictures set expires_at = expires_at - interval '3 minutes'
                                where expires_at < now() + interval '1 hour'";
                database.execute(replaced, &[]).await.unwrap();
                deleted += usize::try_from(delete(system).await.as_u64().unwrap()).unwrap();
            }
        };
        let changes = futures_util::future::join_all(customers.iter().map(change));
        futures_util::future::join(changes, deletions).await;
        let mut shown = Vec::new();
        for customer in &customers {
            let url =
                customer.get("/customers/me").await.unwrap().body["imageUrl"].as_str().unwrap().to_owned();
            served(client, &url).await;
            shown.push(url);
        }
        assert_eq!((objects(system), rows(&database).await), (keys(&shown), keys(&shown)));
    });
}
