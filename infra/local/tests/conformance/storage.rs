//! S3 and CloudFront.

use aws_sdk_s3::{
    Client, Config,
    config::{Credentials, Region},
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use chatchat_local::{Cloud, Fault, Options};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::site::{Folder, Site, TEMPLATE, options};

async fn environment(cloud: &Cloud) -> Value {
    let echo = cloud.invoke("Echo", json!({})).await.unwrap();
    let echo: Value = echo["body"].as_str().unwrap().parse().unwrap();
    echo["environment"].clone()
}

/// An S3 client with the settings of a function's environment.
async fn s3(cloud: &Cloud, secret: &str) -> Client {
    let environment = environment(cloud).await;
    let config = Config::builder()
        .endpoint_url(environment["AWS_ENDPOINT_URL_S3"].as_str().unwrap())
        .credentials_provider(Credentials::new(
            cloud.access_key(),
            secret,
            environment["AWS_SESSION_TOKEN"].as_str().map(str::to_owned),
            None,
            "test",
        ))
        .region(Region::new("ap-northeast-2"))
        .build();
    Client::from_conf(config)
}

async fn put(client: &Client, key: &str, content: &'static [u8]) -> Result<(), String> {
    let put =
        client.put_object().bucket("files").key(key).content_type("image/png").cache_control("max-age=5");
    put.body(ByteStream::from_static(content)).send().await.map(drop).map_err(|error| format!("{error:?}"))
}

async fn show(cloud: &Cloud, method: Method, path: &str) -> Response {
    reqwest::Client::new().request(method, format!("{}{path}", cloud.url())).send().await.unwrap()
}

#[tokio::test]
async fn environment_names_the_bucket_and_the_local_address() {
    let site = Site::start().await;
    let environment = environment(&site.cloud).await;
    assert_eq!(environment["BUCKET"], "files");
    assert_eq!(environment["SHOWN"], site.cloud.url());
}

#[tokio::test]
async fn objects_are_served_as_stored_for_get_and_head_only() {
    let site = Site::start().await;
    put(&s3(&site.cloud, "local").await, "a/b.png", b"content").await.unwrap();
    let answer = show(&site.cloud, Method::GET, "/a/b.png?ignored").await;
    assert_eq!(answer.status(), 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "max-age=5"),
        ("x-content-type-options", "nosniff"),
        ("content-length", "7"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    assert_eq!(answer.text().await.unwrap(), "content");
    assert_eq!(show(&site.cloud, Method::HEAD, "/a/b.png").await.headers()["content-type"], "image/png");
    for method in [Method::PUT, Method::POST, Method::DELETE] {
        assert_eq!(show(&site.cloud, method, "/a/b.png").await.status(), 403);
    }
    for path in ["/", "/a", "/a/", "/none", "/a/%62.png", "//a/b.png", "/?list-type=2"] {
        assert_eq!(show(&site.cloud, Method::GET, path).await.status(), 403, "{path}");
    }
    assert_eq!(
        site.get("/a/b.png").send().await.unwrap().status(),
        404,
        "API Gateway's own endpoint serves no objects"
    );
}

#[tokio::test]
async fn current_copy_of_an_object_gets_304() {
    let site = Site::start().await;
    put(&s3(&site.cloud, "local").await, "a.png", b"content").await.unwrap();
    let answer = show(&site.cloud, Method::GET, "/a.png").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    let (tag, modified) = (header("etag"), header("last-modified"));
    let (before, after) = ("Thu, 01 Jan 2015 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    let (weak, list) = (format!("W/{tag}"), format!("\"other\", {tag}"));
    for (headers, status) in [
        (&[("if-none-match", tag)][..], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", &list)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"other\"")], 200),
        (&[("if-modified-since", modified)], 304),
        (&[("if-modified-since", after)], 304),
        (&[("if-modified-since", before)], 200),
        (&[("if-modified-since", "yesterday")], 200),
        // If-None-Match has precedence.
        (&[("if-none-match", "\"other\""), ("if-modified-since", after)], 200),
        (&[("if-none-match", tag), ("if-modified-since", before)], 304),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let mut request =
                reqwest::Client::new().request(method.clone(), format!("{}/a.png", site.cloud.url()));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{method} {headers:?}");
            let copied = ["etag", "last-modified", "cache-control"]
                .map(|name| answer.headers()[name].to_str().unwrap().to_owned());
            assert_eq!(copied, [tag, modified, "max-age=5"], "{method} {headers:?}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            let has_body = status == 200 && method == Method::GET;
            assert_eq!(
                answer.text().await.unwrap(),
                if has_body { "content" } else { "" },
                "{method} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn range_of_an_object_gets_206_or_416() {
    let site = Site::start().await;
    put(&s3(&site.cloud, "local").await, "a.png", b"content").await.unwrap();
    for (range, status, content_range, body) in [
        ("bytes=0-2", 206, "bytes 0-2/7", Some("con")),
        ("bytes=3-", 206, "bytes 3-6/7", Some("tent")),
        ("bytes=-2", 206, "bytes 5-6/7", Some("nt")),
        ("bytes=9-", 416, "", None),
    ] {
        let url = format!("{}/a.png", site.cloud.url());
        let answer = reqwest::Client::new().get(url).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), status, "{range}");
        let found = answer.headers().get("content-range").map_or("", |value| value.to_str().unwrap());
        assert_eq!(found, content_range, "{range}");
        if let Some(body) = body {
            assert_eq!(answer.text().await.unwrap(), body, "{range}");
        }
    }
}

#[tokio::test]
async fn request_with_a_wrong_or_no_signature_is_refused() {
    let site = Site::start().await;
    let refused = put(&s3(&site.cloud, "another").await, "a.png", b"content").await.unwrap_err();
    assert!(refused.contains("SignatureDoesNotMatch"), "{refused}");
    let endpoint = environment(&site.cloud).await["AWS_ENDPOINT_URL_S3"].as_str().unwrap().to_owned();
    let unsigned = site.client.put(format!("{endpoint}/files/a.png")).body("content").send().await.unwrap();
    assert_eq!(unsigned.status(), 403);
    assert_eq!(show(&site.cloud, Method::GET, "/a.png").await.status(), 403);
}

#[tokio::test]
async fn deleted_objects_are_not_served_and_deleting_again_has_no_effect() {
    let site = Site::start().await;
    let client = s3(&site.cloud, "local").await;
    for key in ["a.png", "folder/b.png", "c.png"] {
        put(&client, key, b"content").await.unwrap();
    }
    let delete = async |client: &Client, keys: &[&str]| {
        let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build().unwrap());
        let delete = Delete::builder().set_objects(Some(objects.collect())).build().unwrap();
        client.delete_objects().bucket("files").delete(delete).send().await
    };
    assert!(delete(&s3(&site.cloud, "another").await, &["a.png"]).await.is_err(), "a wrong signature");
    assert_eq!(show(&site.cloud, Method::GET, "/a.png").await.status(), 200);
    for _ in 0..2 {
        let answer = delete(&client, &["a.png", "folder/b.png", "none.png"]).await.unwrap();
        assert_eq!((answer.deleted().len(), answer.errors().len()), (3, 0));
        for path in ["/a.png", "/folder/b.png"] {
            assert_eq!(show(&site.cloud, Method::GET, path).await.status(), 403, "{path}");
        }
    }
    assert_eq!(show(&site.cloud, Method::GET, "/c.png").await.status(), 200);
    let endpoint = environment(&site.cloud).await["AWS_ENDPOINT_URL_S3"].as_str().unwrap().to_owned();
    let unsigned = site.client.delete(format!("{endpoint}/files/c.png")).send().await.unwrap();
    assert_eq!(unsigned.status(), 403);
    for _ in 0..2 {
        client.delete_object().bucket("files").key("c.png").send().await.unwrap();
        assert_eq!(show(&site.cloud, Method::GET, "/c.png").await.status(), 403);
    }
}

#[tokio::test]
async fn storage_fault_fails_writes_and_keeps_objects() {
    let site = Site::start().await;
    let client = s3(&site.cloud, "local").await;
    put(&client, "a.png", b"content").await.unwrap();
    let injection = site.cloud.inject(Fault::Storage, 1, u32::MAX);
    assert!(put(&client, "b.png", b"content").await.unwrap_err().contains("503"));
    assert_eq!(show(&site.cloud, Method::GET, "/a.png").await.status(), 200);
    drop(injection);
    put(&client, "b.png", b"content").await.unwrap();
}

#[tokio::test]
async fn files_folder_keeps_objects_between_runs() {
    let folder = Folder::new();
    let kept = Some(folder.0.join("files"));
    let options = || Options { files: kept.clone(), ..options(&folder, TEMPLATE) };
    let cloud = Cloud::start(options()).await.unwrap();
    put(&s3(&cloud, "local").await, "a.png", b"content").await.unwrap();
    cloud.stop().await;
    let cloud = Cloud::start(options()).await.unwrap();
    let answer = show(&cloud, Method::GET, "/a.png").await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "image/png")
    );
    cloud.stop().await;

    let temporary = Cloud::start(Options { files: None, ..options() }).await.unwrap();
    let folder = temporary.files().to_owned();
    assert!(folder.join("files").is_dir());
    temporary.stop().await;
    assert!(!folder.exists(), "without the option, objects are removed with the cloud");
}
