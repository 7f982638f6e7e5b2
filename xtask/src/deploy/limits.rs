//! The parameter `ConcurrencyLimits`: on if the account's limit allows it.

use chatchat_harness::{Failure, root};
use chatchat_template::Template;
use serde_json::json;

use super::{Stack, settings};
use crate::failure;

const LIMITS: &str = "ConcurrencyLimits";
const CLASS: &str = "DatabaseClass";

/// What Lambda requires to stay unreserved in an account.
const UNRESERVED: u64 = 100;

/// Adds `ConcurrencyLimits=on` to the parameters if neither they nor `infra/samconfig.toml` contain
/// the parameter, the stack does not have it on, and the account can reserve what the functions
/// need.
pub(super) fn with_limits(stack: &Stack, parameters: &str) -> Result<String, Failure> {
    let deployed = stack.deployed()?;
    let of_stack = |name: &str| deployed.as_ref().and_then(|deployed| deployed.parameter(name));
    let given = |name: &str| settings::value(&stack.stage, parameters, name);
    if given(LIMITS)?.is_some() || of_stack(LIMITS).as_deref() == Some("on") {
        return Ok(parameters.to_owned());
    }
    let class = given(CLASS)?.or_else(|| of_stack(CLASS)).unwrap_or_else(|| "db.t4g.micro".to_owned());
    // The sum of all functions is lower than the connections of the database.
    let needed = UNRESERVED + connections(&class)?;
    let unreserved = stack.unreserved_concurrency()?;
    if unreserved < needed {
        eprintln!(
            "{LIMITS} stays off: it needs {needed} unreserved concurrent executions of Lambda, and the account has \
             {unreserved}; request a higher quota, so that clients cannot use up the connections of the database"
        );
        return Ok(parameters.to_owned());
    }
    Ok(format!("{parameters} {LIMITS}=on"))
}

/// The maximum number of connections of a class of databases.
fn connections(class: &str) -> Result<u64, Failure> {
    let entry = json!({ "Fn::FindInMap": ["Databases", class, "Connections"] });
    let found = Template::read(&root().join("infra/template.yaml"))?.resolve(&entry, &())?;
    found.as_u64().ok_or_else(|| failure(format!("the mapping Databases has no connections for {class}")))
}
