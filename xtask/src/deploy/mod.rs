//! `cargo xtask deploy`: deploys this version to a stage on AWS, and restores the previous version
//! if the smoke test fails.

mod aws;
mod legal;
mod limits;
mod migration;
pub mod package;
mod settings;
#[cfg(test)]
mod tests;

use std::env;

use aws::{Deployed, Stack};
use chatchat_domain::causes;
use chatchat_harness::{Failure, Page, pages, root};
use migration::migrate;
use uuid::Uuid;

use crate::{failure, smoke::smoke};

/// The parameter with the secret that the distribution and the functions share.
const SECRET: &str = "DistributionSecret";

/// Builds and deploys a stage: migrations first, then code and template, then the smoke test and
/// the pages.
pub async fn deploy(stage: &str, built: bool, parameters: &str) -> Result<(), Failure> {
    legal::warn_about_empty_values()?;
    let stack = Stack::new(stage, settings::region(stage)?);
    let parameters = limits::with_limits(&stack, &with_secret(&stack, parameters)?)?;
    let parameters = settings::parameters(stage, &parameters)?;
    package::install_sam()?;
    if !built {
        step("building for Lambda");
        package::package(package::Processor::Arm64)?;
    }
    package::check()?;
    package::zip("ops")?;
    roll_out(&stack, &parameters, &pages()?, smoke).await
}

/// Adds a generated `DistributionSecret` to the parameters, unless the stack or the parameters have
/// one.
fn with_secret(stack: &Stack, parameters: &str) -> Result<String, Failure> {
    let known = stack.deployed()?.is_some_and(|deployed| deployed.has_parameter(SECRET));
    if known || parameters.split_whitespace().any(|one| one.starts_with(&format!("{SECRET}="))) {
        return Ok(parameters.to_owned());
    }
    let secret = [Uuid::new_v4(), Uuid::new_v4()].map(|part| part.simple().to_string()).concat();
    if env::var_os("GITHUB_ACTIONS").is_some() {
        // SAM prints the parameters; with this line GitHub masks the secret in the log.
        println!("::add-mask::{secret}");
    }
    Ok(format!("{parameters} {SECRET}={secret}"))
}

/// Updates a stack, in an order that keeps the running system working.
///
/// 1. The `Migrate` function gets the new code and migrates the schema. The old code keeps working,
///    because migrations are compatible with the previous release.
/// 2. Code and template are deployed, `Migrate` is called again, and `check` tests the result. If
///    one of them fails, the previous code, template and parameters are deployed again; the schema
///    is not rolled back.
/// 3. The pages are uploaded, because they call the new API.
async fn roll_out(
    stack: &Stack,
    parameters: &[String],
    pages: &[Page],
    check: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let template = root().join("infra/template.yaml");
    let before = stack.deployed()?;
    if let Some(before) = &before {
        step("migrating, before the code is deployed");
        let function = before.output("MigrateFunction")?;
        stack.wake(function)?;
        stack.replace_code(function, &package::zipped("ops"))?;
        println!("{}", migrate(stack, before)?);
    }
    step("deploying");
    stack.deploy(&template, parameters)?;
    let why = match verify(stack, &check).await {
        Ok(now) => {
            step("uploading the pages");
            stack.put_pages(&now, pages)?;
            println!("deployed: {}", now.output("Url")?);
            return Ok(());
        }
        Err(error) => causes(&*error),
    };
    match before {
        None => Err(failure(format!(
            "the deployed version does not work: {why}; there is no previous version to restore"
        ))),
        Some(before) => roll_back(stack, &before, &why, check).await,
    }
}

/// Migrates again, for a database that the deployment created (the first one, or one restored from
/// a backup), and tests the deployed version. Returns the new state of the stack.
async fn verify(
    stack: &Stack,
    check: &impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<Deployed, Failure> {
    let now = stack
        .deployed()?
        .ok_or_else(|| failure(format!("the stack {} does not exist after its deployment", stack.name)))?;
    step("migrating, in case the database is new");
    println!("{}", migrate(stack, &now)?);
    step("smoke test");
    check(now.output("Url")?).await?;
    Ok(now)
}

async fn roll_back(
    stack: &Stack,
    before: &Deployed,
    why: &str,
    check: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    eprintln!("the deployed version does not work: {why}");
    step("restoring the previous version");
    stack.restore(before)?;
    match check(before.output("Url")?).await {
        Ok(()) => Err(failure(format!(
            "the deployed version does not work ({why}); the previous version of {} was restored",
            stack.name
        ))),
        Err(error) => Err(failure(format!(
            "the deployed version does not work ({why}), and the smoke test fails with the restored previous version \
             too: {}",
            causes(&*error)
        ))),
    }
}

fn step(what: &str) {
    eprintln!("── {what}");
}
