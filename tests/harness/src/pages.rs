//! The files of the web bucket: the pages, the files that they load, and the API's document.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chatchat_local::Cloud;

use crate::{Failure, npm::files, root};

/// The HTML files of the customers' app and the companies' desk.
const APPS: [&str; 2] = ["index.html", "desk.html"];

/// A file of the web bucket.
#[derive(Clone, Debug)]
pub struct Page {
    /// The key in the bucket: the path at the origin without the leading slash.
    pub key: String,
    /// The file on this machine.
    pub file: PathBuf,
}

impl Page {
    fn new(key: &str, file: PathBuf) -> Self {
        Self { key: key.to_owned(), file }
    }

    /// Returns the `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        match self.key.rsplit('.').next().unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "webmanifest" => "application/manifest+json",
            "yaml" => "application/yaml",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// Returns whether the file is HTML.
    pub fn is_html(&self) -> bool {
        self.content_type().starts_with("text/html")
    }

    /// Returns whether the file's name contains a hash of its content.
    pub fn is_immutable(&self) -> bool {
        self.key.starts_with("assets/")
    }

    /// Returns the `Cache-Control` header. A file with a hash in its name never changes; any other
    /// file must be revalidated.
    pub fn cache_control(&self) -> &'static str {
        if self.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

/// Returns all files of the web bucket: the API's document and the pages of the last build. If
/// there was no build, each app's HTML file is a page that explains how to build them.
///
/// # Errors
/// Fails if the folder with the pages cannot be read.
pub fn pages() -> Result<Vec<Page>, Failure> {
    pages_built_in(&root().join("web/dist"))
}

fn pages_built_in(built: &Path) -> Result<Vec<Page>, Failure> {
    let mut pages = document_pages();
    if !APPS.iter().all(|html| built.join(html).is_file()) {
        pages.extend(APPS.map(|html| Page::new(html, root().join("web/docs/without-npm.html"))));
        return Ok(pages);
    }
    for file in files(built)? {
        pages.push(Page::new(&file.strip_prefix(built)?.to_string_lossy(), file.clone()));
    }
    Ok(pages)
}

/// Returns the files of the API's document and its viewer.
pub fn document_pages() -> Vec<Page> {
    let docs = root().join("web/docs");
    vec![
        Page::new("api/docs.html", docs.join("docs.html")),
        Page::new("api/docs/redoc.standalone.js", docs.join("redoc.standalone.js")),
        Page::new("api/docs/redoc.LICENSE", docs.join("redoc.LICENSE")),
        Page::new("api/docs/openapi.yaml", root().join("infra/openapi.yaml")),
    ]
}

/// Uploads files to the web bucket of a local cloud, as a deployment does.
///
/// # Errors
/// Fails if a file cannot be read or stored.
pub async fn upload_pages(cloud: &Cloud, pages: &[Page]) -> Result<(), Failure> {
    for page in pages {
        let content = fs::read(&page.file)
            .map_err(|error| format!("{} cannot be read: {error}", page.file.display()))?;
        cloud.put_object("WebBucket", &page.key, page.content_type(), page.cache_control(), content).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Returns the keys and contents of the pages, without the API's document.
    fn keys_and_contents(built: &Path) -> Vec<(String, String)> {
        let pages = pages_built_in(built).unwrap().into_iter();
        let pages = pages.filter(|page| !page.key.starts_with("api/"));
        let mut found: Vec<_> =
            pages.map(|page| (page.key, fs::read_to_string(page.file).unwrap())).collect();
        found.sort();
        found
    }

    #[test]
    fn without_a_build_each_app_explains_how_to_build_it() {
        let folder = TempDir::new().unwrap();
        for built in [folder.path().join("dist"), folder.path().to_owned()] {
            let pages = keys_and_contents(&built);
            let keys: Vec<_> = pages.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, ["desk.html", "index.html"]);
            assert!(pages.iter().all(|(_, content)| content.contains("npm")), "{pages:?}");
        }
    }

    #[test]
    fn built_pages_keep_their_names() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        for key in ["index.html", "desk.html", "icon.svg", "assets/a.js"] {
            fs::write(folder.path().join(key), key).unwrap();
        }
        let expected = ["assets/a.js", "desk.html", "icon.svg", "index.html"];
        assert_eq!(keys_and_contents(folder.path()), expected.map(|key| (key.to_owned(), key.to_owned())));
    }
}
