//! The template parameters of a stage: those in `infra/samconfig.toml`, and those that replace
//! them.

use std::{collections::BTreeMap, env, fs};

use chatchat_harness::{Failure, root};
use toml::Table;

use crate::failure;

/// Returns all parameters for `sam deploy`, or an empty list if `replacing` is empty.
///
/// `sam deploy` ignores the parameters in `infra/samconfig.toml` if it gets any on its command
/// line, so both are merged here.
pub fn parameters(stage: &str, replacing: &str) -> Result<Vec<String>, Failure> {
    merged(&fs::read_to_string(root().join("infra/samconfig.toml"))?, stage, replacing)
}

/// Returns the region of a stage: `AWS_REGION` or `AWS_DEFAULT_REGION` if set, otherwise the region
/// in `infra/samconfig.toml`.
pub fn region(stage: &str) -> Result<String, Failure> {
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| env::var(name).ok());
    variable.filter(|region| !region.is_empty()).map_or_else(
        || {
            let settings: Table = fs::read_to_string(root().join("infra/samconfig.toml"))?.parse()?;
            let global = settings.get(stage).and_then(|stage| stage.get("global")?.get("parameters"));
            let region = global.and_then(|parameters| parameters.get("region")?.as_str());
            region.map(str::to_owned).ok_or_else(|| {
                failure(format!("the stage {stage} has no region in infra/samconfig.toml; add one"))
            })
        },
        Ok,
    )
}

/// Returns the value of a parameter: the replacing one, or the one in `infra/samconfig.toml`.
pub fn value(stage: &str, replacing: &str, name: &str) -> Result<Option<String>, Failure> {
    let settings = fs::read_to_string(root().join("infra/samconfig.toml"))?.parse()?;
    Ok(all(&settings, stage, replacing)?.remove(name))
}

fn merged(settings: &str, stage: &str, replacing: &str) -> Result<Vec<String>, Failure> {
    let parameters = all(&settings.parse()?, stage, replacing)?;
    if replacing.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(parameters.into_iter().map(|(name, value)| quoted(&name, &value)).collect())
}

/// All parameters of a stage, by name.
fn all(settings: &Table, stage: &str, replacing: &str) -> Result<BTreeMap<String, String>, Failure> {
    let of_stage = settings.get(stage).ok_or_else(|| {
        failure(format!("infra/samconfig.toml has no stage {stage}; add one by copying another stage"))
    })?;
    let own = of_stage
        .get("deploy")
        .and_then(|deploy| deploy.get("parameters")?.get("parameter_overrides")?.as_array())
        .into_iter()
        .flatten();
    let mut parameters = BTreeMap::new();
    for parameter in own.filter_map(toml::Value::as_str).chain(replacing.split_whitespace()) {
        let (name, value) = parameter.split_once('=').ok_or_else(|| {
            failure(format!("parameters have the form Name=value, but one is {parameter:?}"))
        })?;
        parameters.insert(name.to_owned(), value.to_owned());
    }
    Ok(parameters)
}

/// Formats a parameter for `sam deploy`.
///
/// SAM removes a backslash before a quote or a space and keeps all others. So it cannot receive a
/// value with a backslash there or at the end; no parameter of the template allows one.
pub fn quoted(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", value.replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{merged, quoted};

    const SETTINGS: &str = r#"
        [dev.deploy.parameters]
        parameter_overrides = ["BackupDays=1", "AllowedOrigins=http://localhost:5173"]
        [prod.deploy.parameters]
        stack_name = "chatchat-prod"
    "#;

    #[test]
    fn given_parameters_replace_those_in_the_settings() {
        let parameters = merged(SETTINGS, "dev", "BackupDays=7  Domain=chat.example.com").unwrap();
        assert_eq!(
            parameters,
            ["AllowedOrigins=\"http://localhost:5173\"", "BackupDays=\"7\"", "Domain=\"chat.example.com\""]
        );
        assert_eq!(merged(SETTINGS, "prod", "BackupDays=7").unwrap(), ["BackupDays=\"7\""]);
    }

    #[test]
    fn web_acl_can_be_set_and_removed() {
        let arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chatchat/0f";
        let given = |value: &str| merged(SETTINGS, "prod", &format!("WebAclArn={value}")).unwrap();
        assert_eq!(given(arn), [format!("WebAclArn=\"{arn}\"")]);
        assert_eq!(given(""), ["WebAclArn=\"\""]);
    }

    #[test]
    fn without_parameters_the_list_is_empty() {
        assert!(merged(SETTINGS, "dev", " ").unwrap().is_empty());
    }

    #[test]
    fn unknown_stage_and_parameter_without_value_are_rejected() {
        assert!(merged(SETTINGS, "test", "").is_err());
        assert!(merged(SETTINGS, "dev", "BackupDays").is_err());
    }

    #[test]
    fn value_is_quoted() {
        assert_eq!(quoted("Name", r#"a "b" \c"#), r#"Name="a \"b\" \c""#);
    }
}
