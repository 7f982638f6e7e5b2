//! Writes the paths of the HTTP API with their methods, from infra/template.yaml, for the
//! `$default` route.

use std::{collections::BTreeMap, env, error::Error, fs, path::Path};

use chatchat_template::Template;

fn main() -> Result<(), Box<dyn Error>> {
    let template = Path::new("../../infra/template.yaml");
    println!("cargo::rerun-if-changed={}", template.display());
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for route in Template::read(template)?.http_routes()? {
        if route.path != "$default" {
            paths.entry(route.path).or_default().push(route.method);
        }
    }
    for methods in paths.values_mut() {
        methods.sort_unstable();
    }
    let table: Vec<(String, String)> =
        paths.into_iter().map(|(path, methods)| (path, methods.join(", "))).collect();
    let file = Path::new(&env::var("OUT_DIR")?).join("paths.rs");
    Ok(fs::write(file, format!("&{table:?}"))?)
}
