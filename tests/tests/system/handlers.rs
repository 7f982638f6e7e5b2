//! The handlers of each artifact are those that the template names, both ways.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use chatchat_local::program;
use chatchat_template::Template;
use chatchat_tests::{build_functions, root};

#[test]
fn each_artifact_has_the_handlers_that_the_template_names_and_no_others() {
    let folder = build_functions().unwrap();
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in Template::read(&root().join("infra/template.yaml")).unwrap().functions().unwrap() {
        named.entry(function.artifact).or_default().insert(function.handler);
    }
    assert!(named.len() >= 5);
    for (artifact, handlers) in named {
        // An unknown handler ends the start, and the message names those that there are.
        let output =
            Command::new(program(&folder, &artifact)).env("_HANDLER", "no_such_handler").output().unwrap();
        assert!(!output.status.success());
        let message = String::from_utf8(output.stdout).unwrap();
        let (_, known) = message.split_once("it has: ").unwrap_or_else(|| panic!("{message}"));
        let known: BTreeSet<String> =
            known.split('"').next().unwrap().split(", ").map(str::to_owned).collect();
        assert_eq!(known, handlers, "{artifact}");
    }
}
