//! `cargo xtask pictures`: takes the screenshots in `docs/pictures`.

use chatchat_harness::{
    Client, Failure, System, SystemOptions, build_pages, example, npm_run, pages, upload_pages,
};
use tokio::task::block_in_place;

use crate::{build, progress, run};

/// Starts a temporary system with the example data and runs `web/e2e/pictures` in Chromium.
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
    // The system keeps running on the other threads.
    block_in_place(|| run(npm_run("pictures")?.env("BASE_URL", url)))
}
