//! `cargo xtask deploy`: a stage on AWS gets what is here, and gets back what it had when that does not work.

mod aws;
pub mod package;
mod settings;
#[cfg(test)]
mod tests;

use chatchat_domain::causes;
use chatchat_tests::{Failure, root};

use aws::{Deployed, Stack};

use crate::{failure, smoke::smoke};

/// Deploys a stage: code and template, with the schema ahead of them, and a conversation to see that it works.
pub async fn deploy(stage: &str, built: bool, parameters: &str) -> Result<(), Failure> {
    let parameters = settings::parameters(stage, parameters)?;
    package::install_sam()?;
    if !built {
        step("building for Lambda");
        package::package(package::Processor::Arm64)?;
    }
    package::check()?;
    package::zip("ops")?;
    let stack = Stack::new(stage, settings::region(stage)?);
    bring(&stack, &parameters, async |url: &str, origin: &str| smoke(url, Some(origin)).await).await
}

/// Brings a stack up to date.
///
/// The schema goes first, by the new code of the function that migrates: migrations only add what the code before does not mind, so the running system
/// goes on, and the new code finds all it needs. When the conversation fails, code, template and parameters go back; the schema stays.
async fn bring(
    stack: &Stack,
    parameters: &[String],
    check: impl AsyncFn(&str, &str) -> Result<(), Failure>,
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
    let url = now.output("HttpUrl")?;
    let Err(why) = check(url, now.output("WebUrl")?).await else {
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
    check: impl AsyncFn(&str, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    eprintln!("it does not work: {why}");
    step("going back to what was there");
    stack.restore(before)?;
    match check(before.output("HttpUrl")?, before.output("WebUrl")?).await {
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
