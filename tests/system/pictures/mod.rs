//! Uploads of pictures, and how they are served.

mod attempts;
mod deletion;
mod hostile;
mod in_profiles;
mod making;
mod usage;

use std::time::Duration;

use chatchat_harness::{Answer, Client, Person, System, SystemOptions};
use chatchat_local::{Fault, Settings};
use image::{DynamicImage, GenericImageView, ImageFormat};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use crate::{assert_refused, block_on, client_of, database, in_world, postgres, start_system, wrong_fields};
use making::{encoded, jpeg_with_exif, landscape, noise, transparent};

const BOUNDARY: &str = "a-boundary-0191e3a8";
const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"picture\"";

/// Uploads a body of any kind with any content type.
async fn send(
    client: &Client,
    token: Option<&str>,
    query: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Answer {
    let mut request =
        client.request(Method::POST, &format!("/files{query}")).header("content-type", content_type);
    if let Some(token) = token {
        request = request.header("authorization", &format!("Bearer {token}"));
    }
    request.body(body).send().await.unwrap()
}

async fn upload(person: &Person, file: &[u8]) -> Answer {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let body = making::form(BOUNDARY, FILE, file);
    send(&person.client, Some(&person.token), "?folder=profile", &content_type, body).await
}

async fn uploaded(person: &Person, file: &[u8]) -> String {
    let answer = upload(person, file).await.expect(201).unwrap();
    answer.body["url"].as_str().unwrap().to_owned()
}

/// A response as a browser gets it.
struct Served {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Served {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn picture(&self) -> DynamicImage {
        image::load_from_memory(&self.bytes).unwrap()
    }
}

/// Sends a request for a path of the origin, as a browser does for a picture.
async fn fetch(client: &Client, method: Method, path: &str) -> Served {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let response = http.request(method, format!("{}{path}", client.url)).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Served { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

async fn served(client: &Client, path: &str) -> Served {
    let served = fetch(client, Method::GET, path).await;
    assert_eq!(served.status, 200, "{path}");
    served
}

fn is_red(picture: &DynamicImage, x: u32, y: u32) -> bool {
    let [red, _, blue, _] = picture.get_pixel(x, y).0;
    red > 150 && blue < 100
}

#[test]
fn upload_is_resized_and_cached_for_a_day() {
    in_world(|world| async move {
        let customer = world.customer().await;
        for (file, size, content_type) in [
            (encoded(landscape(1200, 800), ImageFormat::Jpeg), (512, 341), "image/jpeg"),
            (encoded(landscape(300, 900), ImageFormat::Png), (171, 512), "image/jpeg"),
            (encoded(landscape(5000, 5000), ImageFormat::WebP), (512, 512), "image/jpeg"),
            (encoded(landscape(64, 48), ImageFormat::WebP), (64, 48), "image/jpeg"),
            (encoded(transparent(800, 400), ImageFormat::Png), (512, 256), "image/png"),
            (encoded(transparent(40, 40), ImageFormat::WebP), (40, 40), "image/png"),
        ] {
            let url = uploaded(&customer, &file).await;
            let served = served(&world.client, &url).await;
            let picture = served.picture();
            assert_eq!(picture.dimensions(), size);
            assert!(
                is_red(&picture, size.0 / 8, size.1 / 8) && !is_red(&picture, size.0 * 7 / 8, size.1 / 8)
            );
            assert_eq!(served.header("content-type"), content_type);
            let name = if content_type == "image/png" { "picture.png" } else { "picture.jpg" };
            assert_eq!(served.header("content-disposition"), format!("inline; filename=\"{name}\""));
            assert_eq!(served.header("x-content-type-options"), "nosniff");
            assert_eq!(
                served.header("content-security-policy"),
                "default-src 'none'; frame-ancestors 'none'; sandbox"
            );
            assert_eq!(served.header("cache-control"), "public, max-age=86400");
            assert_eq!(served.header("content-length"), served.bytes.len().to_string());
            let head = fetch(&world.client, Method::HEAD, &url).await;
            assert_eq!((head.status, head.header("content-type")), (200, content_type));
        }
    });
}

#[test]
fn picture_is_rotated_by_its_exif_orientation() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let stored = landscape(60, 40);
        // The EXIF orientation says where the first row and column are, which is where the red
        // quarter must be.
        for (orientation, size, red) in [
            (1, (60, 40), (5, 5)),
            (2, (60, 40), (55, 5)),
            (3, (60, 40), (55, 35)),
            (4, (60, 40), (5, 35)),
            (5, (40, 60), (5, 5)),
            (6, (40, 60), (35, 5)),
            (7, (40, 60), (35, 55)),
            (8, (40, 60), (5, 55)),
            (9, (60, 40), (5, 5)),
        ] {
            let file = jpeg_with_exif(&encoded(stored.clone(), ImageFormat::Jpeg), orientation);
            let picture = served(&world.client, &uploaded(&customer, &file).await).await.picture();
            assert_eq!(picture.dimensions(), size, "{orientation}");
            assert!(is_red(&picture, red.0, red.1), "{orientation}");
            let opposite = (size.0 - 1 - red.0, size.1 - 1 - red.1);
            assert!(!is_red(&picture, opposite.0, opposite.1), "{orientation}");
        }
    });
}

#[test]
fn pictures_path_serves_only_pictures() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let url = uploaded(&customer, &encoded(landscape(34, 34), ImageFormat::Png)).await;
        let key = url.strip_prefix("/pictures/profile/").unwrap();
        for path in [
            "/",
            "/profile",
            "/profile/",
            "/health",
            "/companies",
            "/profile/none.jpg",
            "/profile/..",
            "/../secrets.json",
            "/%2e%2e/secrets.json",
            "/profile/%2e%2e/%2e%2e/secrets.json",
            "//etc/passwd",
            "/?list-type=2",
            "/profile/?acl",
        ] {
            let answer = fetch(&world.client, Method::GET, &format!("/pictures{path}")).await;
            assert_eq!(answer.status, 403, "{path}: {}", String::from_utf8_lossy(&answer.bytes));
        }
        for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
            assert_eq!(fetch(&world.client, method, &url).await.status, 403);
        }
        served(&world.client, &url).await;
        let api = Client::new(&world.client.url).unwrap();
        let on_api = api.call(Method::GET, &format!("/profile/{key}"), None, &Value::Null).await.unwrap();
        assert_eq!((on_api.status, on_api.code()), (404, "route_not_found"));
    });
}

#[test]
fn rejected_upload_stores_nothing() {
    block_on(|| async {
        let system = start_system().await;
        let client = client_of(&system);
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let file = encoded(landscape(35, 35), ImageFormat::Png);
        let stored = || std::fs::read_dir(system.cloud.files().join("picturebucket")).unwrap().count();
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = || making::form(BOUNDARY, FILE, &file);

        for token in [None, Some("not.a.token")] {
            let answer = send(&client, token, "?folder=profile", &content_type, body()).await;
            assert_eq!((answer.status, answer.code()), (401, "unauthenticated"));
        }
        for (query, code) in [
            ("", "required"),
            ("?folder=", "invalid_format"),
            ("?folder=../x", "invalid_format"),
            ("?folder=Profile", "invalid_format"),
        ] {
            let answer = send(&client, Some(&customer.token), query, &content_type, body()).await;
            assert_eq!(wrong_fields(&answer.body), [("folder", code)], "{query}");
            let no_file = making::form(BOUNDARY, "Content-Disposition: form-data; name=\"x\"", &file);
            let answer = send(&client, Some(&customer.token), query, &content_type, no_file).await;
            assert_eq!(wrong_fields(&answer.body), [("folder", code), ("file", "required")], "{query}");
        }
        let database = database(&system).await;
        database.execute("update sessions set ended_at = now()", &[]).await.unwrap();
        for file in [file.as_slice(), b"no picture"] {
            assert_eq!(upload(&customer, file).await.code(), "unauthenticated");
        }
        let kept: i64 = database.query_one("select count(*) from pictures", &[]).await.unwrap().get(0);
        assert_eq!((stored(), kept), (0, 0));
        system.stop().await;
    });
}

/// Fault 24: object storage fails during an upload.
#[test]
fn fault_24_storage_failure_returns_503_and_stores_no_object() {
    block_on(|| async {
        let system = start_system().await;
        let client = client_of(&system);
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let file = encoded(landscape(36, 36), ImageFormat::Png);
        let files = system.cloud.files().to_owned();
        let objects =
            || std::fs::read_dir(files.join("picturebucket/pictures/profile")).map_or(0, Iterator::count);
        let database = database(&system).await;
        let kept = || async {
            database.query_one("select count(*) from pictures", &[]).await.unwrap().get::<_, i64>(0)
        };

        let injection = system.cloud.inject(Fault::Storage, 1, u32::MAX);
        let answer = upload(&customer, &file).await;
        assert_eq!((answer.status, answer.code(), answer.header("retry-after")), (503, "unavailable", "1"));
        assert_eq!((objects(), kept().await), (0, 1), "every object has a row, which is written first");
        let profile = customer.get("/customers/me").await.unwrap().expect(200).unwrap();
        assert_eq!(profile.body["imageUrl"], Value::Null, "other requests still work");

        drop(injection);
        let url = uploaded(&customer, &file).await;
        assert_eq!((objects(), kept().await), (1, 2));

        let other = encoded(landscape(37, 37), ImageFormat::Png);
        database.batch_execute("alter table pictures rename to away").await.unwrap();
        assert_eq!(upload(&customer, &other).await.status, 500);
        database.batch_execute("alter table away rename to pictures").await.unwrap();
        assert_eq!((objects(), kept().await), (1, 2));
        uploaded(&customer, &other).await;
        assert_eq!((objects(), kept().await), (2, 3));
        served(&client, &url).await;
        system.stop().await;
    });
}

#[test]
fn permanent_refusal_of_storage_answers_500() {
    block_on(|| async {
        let options = SystemOptions {
            postgres: Some(postgres().await),
            // The storage applies this limit, too. The picture has 20 KB as PNG and 200 KB as JPEG.
            settings: Settings { event_limit: 100 * 1024, ..Settings::default() },
            ..SystemOptions::default()
        };
        let system = System::start(options).await.unwrap();
        let customer = Person::customer(&client_of(&system), "김하늘").await.unwrap();
        let bits: Vec<u8> = noise(512, 512).pixels().map(|pixel| pixel.0[0] & 1).collect();
        let bytes = bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
        let rows: Vec<_> =
            bytes.collect::<Vec<u8>>().chunks(64).flat_map(|row| [&[0], row].concat()).collect();
        let answer = upload(&customer, &making::png_of(512, 512, 1, 0, &making::zlib(&rows))).await;
        assert_refused(&answer, 500, "internal");
        let log = system.log().unwrap();
        let is_error = |line: &str| line.contains("\"ERROR\"") && line.contains("EntityTooLarge");
        assert!(log.lines().any(is_error), "{log}");
        system.stop().await;
    });
}
