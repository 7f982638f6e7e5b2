//! The names in `docs/operations.md`: each exists in the templates or in the code.
//!
//! `infra/runbooks.py` runs the commands, `tests/system/operations.rs` the SQL statements, and a
//! test of `xtask` parses the commands of `cargo xtask`.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use chatchat_harness::root;
use serde_json::Value;

use crate::{database::number, stacks::expanded};

const FILES: [&str; 10] = [
    "template.yaml",
    "network.yaml",
    "database.yaml",
    "buckets.yaml",
    "web.yaml",
    "domain.yaml",
    "observability.yaml",
    "certificate.yaml",
    "firewall.yaml",
    "github.yaml",
];

/// Names of AWS and of PostgreSQL that neither the templates nor the code contain.
const FOREIGN: [&str; 16] = [
    "BlockedRequests",
    "ConcurrentExecutions",
    "DELETE_FAILED",
    "Inactive",
    "MasterUserSecret",
    "OWNER",
    "REPOSITORY",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "Rule",
    "UPDATE_ROLLBACK_FAILED",
    "WARN",
    "WebACL",
    "pg_read_all_data",
    "pg_use_reserved_connections",
    "pg_write_all_data",
];

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| fs::read_to_string(root().join("docs/operations.md")).unwrap());

/// The texts in backticks outside of blocks.
fn spans() -> Vec<&'static str> {
    let outside = DOCUMENT.split("```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

/// All commands: the blocks, and the texts in backticks.
fn commands() -> Vec<&'static str> {
    let blocks = DOCUMENT.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix("sh\n")).chain(spans()).collect()
}

/// All names in the templates: parameters, resources, properties, mappings and outputs.
fn template_names() -> BTreeSet<&'static str> {
    fn keys(value: &'static Value, names: &mut BTreeSet<&'static str>) {
        match value {
            Value::Object(entries) => {
                names.extend(entries.keys().map(String::as_str));
                entries.values().for_each(|value| keys(value, names));
            }
            Value::Array(items) => items.iter().for_each(|value| keys(value, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    for file in FILES {
        keys(expanded(file), &mut names);
    }
    names
}

/// The text of all files that are not documents.
fn sources() -> String {
    fn add(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, text);
            } else if let Ok(content) = fs::read_to_string(&path) {
                text.push_str(&content);
            }
        }
    }
    let mut text = String::new();
    for folder in
        [".github", "infra/template.yaml", "infra/database.yaml", "migrations", "functions", "shared"]
    {
        let path = root().join(folder);
        if path.is_dir() { add(&path, &mut text) } else { text.push_str(&fs::read_to_string(path).unwrap()) }
    }
    text
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[test]
fn names_exist_in_the_templates_or_in_the_code() {
    let (names, sources) = (template_names(), sources());
    let mut unknown = BTreeSet::new();
    let mut count = 0;
    for word in spans().into_iter().filter(|span| is_word(span) && !FOREIGN.contains(span)) {
        let is_known = if word.contains('_') || word.to_uppercase() == word {
            sources.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|one| one == word)
        } else if word.starts_with(|c: char| c.is_ascii_uppercase()) {
            names.contains(word)
        } else {
            continue;
        };
        count += 1;
        if !is_known {
            unknown.insert(word);
        }
    }
    assert!(count > 100, "{count} names were found");
    assert!(unknown.is_empty(), "docs/operations.md has names that do not exist: {unknown:?}");
}

#[test]
fn parameters_exist_and_accept_the_values() {
    let mut seen = BTreeSet::new();
    for command in commands() {
        for word in command.split(|c: char| c.is_whitespace() || c == '"') {
            let Some((name, value)) = word.split_once('=') else { continue };
            if !is_word(name)
                || !name.starts_with(|c: char| c.is_ascii_uppercase())
                || name.to_uppercase() == name
            {
                continue;
            }
            let parameters = FILES
                .iter()
                .filter(|file| {
                    ["template.yaml", "certificate.yaml", "firewall.yaml", "github.yaml"].contains(file)
                })
                .filter_map(|file| expanded(file)["Parameters"].get(name));
            let accepts = |parameter: &Value| {
                let allowed = parameter["AllowedValues"].as_array();
                let in_range = |key: &str, holds: fn(u64, u64) -> bool| {
                    parameter.get(key).is_none_or(|limit| holds(number(&value.into()), number(limit)))
                };
                value.contains('$')
                    || value.is_empty()
                    || allowed.is_none_or(|all| all.iter().any(|one| one == value))
                        && (parameter["Type"] != "Number"
                            || in_range("MinValue", |given, min| given >= min)
                                && in_range("MaxValue", |given, max| given <= max))
            };
            let known: Vec<_> = parameters.collect();
            assert!(!known.is_empty(), "{word}: no template has a parameter {name}");
            assert!(known.into_iter().any(accepts), "{word}: {name} does not accept this value");
            seen.insert(name);
        }
    }
    assert!(seen.len() > 12, "{seen:?}");
}

#[test]
fn looked_up_resources_and_outputs_exist() {
    let mut count = 0;
    for command in commands() {
        let words = |after: &'static str| {
            command.split(after).skip(1).map(|rest| -> Vec<&str> {
                let end = rest.find([')', '`', '\n', '&', '|']).unwrap_or(rest.len());
                rest[..end].split_whitespace().map(|word| word.trim_matches('"')).collect()
            })
        };
        for path in words("id_of ") {
            let mut file = "template.yaml".to_owned();
            for resource in path {
                let found = &expanded(&file)["Resources"][resource];
                assert!(found.is_object(), "{file} has no resource {resource}");
                file = found["Properties"]["TemplateURL"].as_str().unwrap_or("a resource").to_owned();
                count += 1;
            }
        }
        for words in words("output_of ") {
            let file = if words.len() > 1 { "github.yaml" } else { "template.yaml" };
            assert!(expanded(file)["Outputs"][words[0]].is_object(), "{file} has no output {}", words[0]);
            count += 1;
        }
        for words in words("--logical-resource-id ") {
            assert_eq!(words[0], "$resource", "commands use `id_of`");
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn files_and_sections_exist() {
    let folders = ["infra/", "docs/", "xtask/", "shared/", "web/", "tests/", ".github/"];
    let mut count = 0;
    for command in commands() {
        for word in command.split(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | ',')) {
            if folders.iter().any(|folder| word.starts_with(folder)) {
                assert!(root().join(word).exists(), "{word} does not exist");
                count += 1;
            }
        }
    }
    assert!(count > 15, "{count}");
    let anchors: BTreeSet<_> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-").replace(',', ""))
        .collect();
    let listed: Vec<_> = DOCUMENT.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    for anchor in &listed {
        assert!(anchors.contains(*anchor), "there is no section #{anchor}");
    }
    for anchor in &anchors {
        assert!(listed.contains(&anchor.as_str()), "the table of contents does not list {anchor}");
    }
}

/// The log groups of the template, and that of RDS, which is named after the instance.
#[test]
fn log_groups_exist() {
    let groups: BTreeSet<_> = expanded("template.yaml")["Resources"]
        .as_object()
        .unwrap()
        .values()
        .filter(|resource| resource["Type"] == "AWS::Logs::LogGroup")
        .map(|group| group["Properties"]["LogGroupName"]["Fn::Sub"].as_str().unwrap())
        .collect();
    assert!(groups.contains("/chatchat/${AWS::StackName}/auth"), "{groups:?}");
    assert!(DOCUMENT.contains("`/chatchat/<stack>/<artifact>`"));
    for rest in DOCUMENT.split("og group `").skip(1) {
        let name = rest.split('`').next().unwrap();
        let is_known = name.starts_with("/aws/rds/instance/<instance>/postgresql")
            || groups.iter().any(|group| group.rsplit('/').next() == Some(name));
        assert!(is_known, "there is no log group {name}");
    }
}
