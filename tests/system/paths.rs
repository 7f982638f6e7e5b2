//! The file of the web bucket that is served at each path of the origin.

use std::fs;

use chatchat_harness::{Page, upload_pages};
use tempfile::TempDir;

use crate::{World, in_world};

/// Uploads files to the web bucket. The content of each file is its key.
async fn upload_files(world: &World, keys: &[&str]) {
    let folder = TempDir::new().unwrap();
    let pages = keys.iter().enumerate().map(|(number, key)| {
        let file = folder.path().join(number.to_string());
        fs::write(&file, key).unwrap();
        Page { key: (*key).to_owned(), file }
    });
    upload_pages(&world.system.cloud, &pages.collect::<Vec<_>>()).await.unwrap();
}

#[test]
fn path_without_a_dot_gets_the_html_of_its_app() {
    in_world(async |world| {
        upload_files(world, &["index.html", "desk.html", "icon.svg", "assets/desk.js"]).await;
        for (path, key) in [
            ("/", "index.html"),
            ("/rooms/7", "index.html"),
            ("/c/3?q=a.b", "index.html"),
            ("/c/3/", "index.html"),
            ("/desktop", "index.html"),
            ("/c/desk", "index.html"),
            ("/index.html", "index.html"),
            ("/desk", "desk.html"),
            ("/desk/", "desk.html"),
            ("/desk/rooms/7", "desk.html"),
            ("/desk/faq?q=a.b", "desk.html"),
            ("/desk.html", "desk.html"),
            ("/icon.svg", "icon.svg"),
            ("/assets/desk.js", "assets/desk.js"),
        ] {
            let answer = world.client.page(path).await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (200, Some(key)), "{path}");
        }
        for missing in ["/desk/a.js", "/rooms/7.html", "/assets/app.js"] {
            assert_eq!(world.client.page(missing).await.unwrap().status, 403, "{missing}");
        }
    });
}
