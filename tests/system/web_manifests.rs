//! The web manifests and icons with which a browser installs an app on a home screen.

use std::{fs, path::Path};

use chatchat_harness::root;
use image::GenericImageView;
use serde_json::Value;

#[test]
fn each_app_links_a_manifest_with_start_page_and_icons() {
    for (html, manifest, start) in
        [("index.html", "manifest.webmanifest", "/"), ("desk.html", "desk.webmanifest", "/desk")]
    {
        let web = root().join("web");
        let html = fs::read_to_string(web.join(html)).unwrap();
        assert!(html.contains(&format!("<link rel=\"manifest\" href=\"/{manifest}\">")), "{html}");
        assert!(html.contains("<link rel=\"apple-touch-icon\" href=\"/apple-touch-icon.png\">"), "{html}");
        let public = web.join("public");
        let manifest: Value = fs::read_to_string(public.join(manifest)).unwrap().parse().unwrap();
        assert_eq!((&manifest["start_url"], &manifest["scope"]), (&start.into(), &start.into()));

        assert_eq!(size(&public.join("apple-touch-icon.png")), "180x180");
        let icons = manifest["icons"].as_array().unwrap();
        for expected in ["192x192", "512x512"] {
            let icon = icons.iter().find(|icon| icon["sizes"] == expected).unwrap();
            let file = icon["src"].as_str().unwrap().trim_start_matches('/');
            assert_eq!(size(&public.join(file)), expected);
        }
    }
}

fn size(picture: &Path) -> String {
    let (width, height) = image::load_from_memory(&fs::read(picture).unwrap()).unwrap().dimensions();
    format!("{width}x{height}")
}
