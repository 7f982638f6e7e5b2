//! `cargo xtask deploy`: a stage on AWS gets what is here, and gets back what it had when that does not work.

mod aws;
pub mod package;
mod settings;
#[cfg(test)]
mod tests;

use std::env;

use chatchat_domain::causes;
use chatchat_tests::{Failure, Page, pages, root};
use uuid::Uuid;

use aws::{Deployed, Stack};

use crate::{failure, smoke::smoke};

/// The parameter that the distribution and the functions share.
const SECRET: &str = "DistributionSecret";

/// Deploys a stage: code and template, with the schema ahead of them, and a conversation to see that it works.
pub async fn deploy(stage: &str, built: bool, parameters: &str) -> Result<(), Failure> {
    let stack = Stack::new(stage, settings::region(stage)?);
    let parameters = settings::parameters(stage, &with_secret(&stack, parameters)?)?;
    package::install_sam()?;
    if !built {
        step("building for Lambda");
        package::package(package::Processor::Arm64)?;
    }
    package::check()?;
    package::zip("ops")?;
    bring(&stack, &parameters, &pages()?, smoke).await
}

/// The parameters with a generated `DistributionSecret`, unless the stack has one or they set it.
fn with_secret(stack: &Stack, parameters: &str) -> Result<String, Failure> {
    let known = stack.deployed()?.is_some_and(|deployed| deployed.has_parameter(SECRET));
    if known || parameters.split_whitespace().any(|one| one.starts_with(&format!("{SECRET}="))) {
        return Ok(parameters.to_owned());
    }
    let secret = [Uuid::new_v4(), Uuid::new_v4()].map(|part| part.simple().to_string()).concat();
    if env::var_os("GITHUB_ACTIONS").is_some() {
        // GitHub replaces it by stars in the log, where SAM prints the parameters.
        println!("::add-mask::{secret}");
    }
    Ok(format!("{parameters} {SECRET}={secret}"))
}

/// Brings a stack up to date.
///
/// The pages come last: they call the new API.
///
/// The schema goes first, by the new code of the function that migrates: migrations only add what the code before does not mind, so the running system
/// goes on, and the new code finds all it needs. When the conversation fails, code, template and parameters go back; the schema stays.
async fn bring(
    stack: &Stack,
    parameters: &[String],
    pages: &[Page],
    check: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let template = root().join("infra/template.yaml");
    let before = stack.deployed()?;
    if let Some(before) = &before {
        step("migrating, ahead of the code");
        let migrate = before.output("MigrateFunction")?;
        stack.replace_code(migrate, &package::zipped("ops"))?;
        println!("{}", stack.invoke(migrate)?);
    }
    step("deploying");
    stack.deploy(&template, parameters)?;
    let now = stack.deployed()?.ok_or_else(|| failure("the stack is gone"))?;
    // For a database that was not there before: the first one, or one that was restored.
    step("migrating, for good measure");
    println!("{}", stack.invoke(now.output("MigrateFunction")?)?);
    step("talking");
    let url = now.output("Url")?;
    let Err(why) = check(url).await else {
        step("putting the pages into their bucket");
        stack.put_pages(&now, pages)?;
        println!("deployed: {url}");
        return Ok(());
    };
    let why = causes(&*why);
    match before {
        None => Err(failure(format!("it does not work: {why}; there is nothing before it to go back to"))),
        Some(before) => go_back(stack, &before, &why, check).await,
    }
}

async fn go_back(
    stack: &Stack,
    before: &Deployed,
    why: &str,
    check: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    eprintln!("it does not work: {why}");
    step("going back to what was there");
    stack.restore(before)?;
    match check(before.output("Url")?).await {
        Ok(()) => Err(failure(format!("it did not work ({why}), and {} is what it was", stack.name))),
        Err(error) => Err(failure(format!(
            "it did not work ({why}), and what was there before does not work either: {}",
            causes(&*error)
        ))),
    }
}

fn step(what: &str) {
    eprintln!("── {what}");
}
