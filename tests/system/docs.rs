//! `/api/docs`, the page that shows the OpenAPI document.

use chatchat_harness::{document_pages, root, upload_pages};
use chatchat_template::{Template, parse_yaml};
use serde_json::Value;

use crate::{World, contract, in_world, operations};

/// Returns the URLs in the attributes of a page, except `data:` URLs.
fn addresses(html: &str) -> Vec<&str> {
    let attributes = [" href=\"", " src=\"", " spec-url=\""];
    let rests = attributes.iter().flat_map(|attribute| html.split(attribute).skip(1));
    rests.filter_map(|rest| rest.split('"').next()).filter(|address| !address.starts_with("data:")).collect()
}

/// Returns all values of `$ref` in a JSON value.
fn references(value: &Value) -> Vec<&str> {
    let own = value["$ref"].as_str();
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(inner.into_iter().flat_map(references)).collect()
}

/// Uploads the document and its viewer to the web bucket, as a deployment does.
async fn upload_documents(world: &World) {
    upload_pages(&world.system.cloud, &document_pages()).await.unwrap();
}

#[test]
fn docs_page_loads_files_of_this_origin_only() {
    in_world(async |world| {
        upload_documents(world).await;
        let page = world.client.page("/api/docs").await.unwrap();
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        let html = page.body.as_str().unwrap();
        assert!(!html.contains("//"), "the page has a URL of another host: {html}");
        assert_eq!(addresses(html), ["/api/docs/redoc.standalone.js", "/api/docs/openapi.yaml"]);
        for address in addresses(html) {
            assert_eq!(world.client.page(address).await.unwrap().status, 200, "{address}");
        }
        assert_eq!(world.client.page("/api/docs/redoc.LICENSE").await.unwrap().status, 200);

        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        for directive in policy.split(';') {
            for source in directive.split_whitespace().skip(1) {
                assert!(
                    ["'none'", "'self'", "'unsafe-inline'", "data:", "blob:"].contains(&source),
                    "{directive}"
                );
            }
        }
    });
}

#[test]
fn served_document_has_every_operation_and_no_external_ref() {
    in_world(async |world| {
        upload_documents(world).await;
        let answer = world.client.page("/api/docs/openapi.yaml").await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/yaml"));
        let document = parse_yaml("/api/docs/openapi.yaml", answer.body.as_str().unwrap()).unwrap();
        let template = Template::read(&root().join("infra/template.yaml")).unwrap();
        let functions = template.functions().unwrap();
        let routes = operations(&template);
        for route in &routes {
            let handler = functions.iter().find(|function| function.id == route.function).unwrap();
            let operation = &document["paths"][&route.path][route.method.to_lowercase()];
            assert_eq!(operation["operationId"], handler.handler, "{} {}", route.method, route.path);
        }
        assert_eq!(routes.len(), contract().http_routes().len());
        assert!(references(&document).iter().all(|reference| reference.starts_with("#/")));
    });
}
