//! `cargo xtask pictures`: the pictures in `docs/pictures`, taken of the apps as they are now.

use chatchat_tests::{
    Client, Failure, System, SystemOptions, build_pages, example, npm_run, pages, upload_pages,
};
use tokio::task::block_in_place;

use crate::{build, progress, run};

/// Starts a system of its own with the example in it, and has Chromium go through both apps (`web/e2e/pictures`).
pub async fn pictures() -> Result<(), Failure> {
    build()?;
    build_pages()?;
    let system =
        System::start(SystemOptions { progress: Some(progress()), ..SystemOptions::default() }).await?;
    let taken = take(&system).await;
    system.stop().await;
    taken
}

async fn take(system: &System) -> Result<(), Failure> {
    upload_pages(&system.cloud, &pages()?).await?;
    let url = system.cloud.url();
    example::fill(&Client::new(&url)?).await?;
    // The system runs on the other threads meanwhile.
    block_in_place(|| run(npm_run("pictures")?.env("BASE_URL", url)))
}
