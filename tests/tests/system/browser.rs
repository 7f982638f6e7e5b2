//! The pages in a browser: `web/e2e`, run by Playwright in Chromium.

use std::{
    env,
    ffi::OsString,
    io::{Write, stderr},
    path::Path,
};

use chatchat_tests::{build_pages, npm_run, pages, upload_pages};

use crate::{in_own_world, npm_succeeds};

/// Where Chromium and Google Chrome are usually installed.
const USUAL_PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const MISSING: &str = "The browser tests need Chromium: `apt-get install chromium fonts-noto-cjk \
    fonts-noto-color-emoji`, or Google Chrome, or the variable CHROMIUM with the path of either.";

/// The program that `CHROMIUM` names, or one in the usual places.
fn chromium() -> Option<OsString> {
    let usual = || USUAL_PLACES.into_iter().find(|place| Path::new(place).is_file());
    env::var_os("CHROMIUM").or_else(|| usual().map(OsString::from))
}

#[test]
fn the_pages_work_in_chromium() {
    let Some(chromium) = chromium() else {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "{MISSING}");
        // Written past libtest, which hides what a test that passes prints.
        writeln!(stderr(), "{MISSING} They were skipped.").unwrap();
        return;
    };
    build_pages().unwrap();
    in_own_world(async |world| {
        upload_pages(&world.system.cloud, &pages().unwrap()).await.unwrap();
        let mut npm = npm_run("e2e").unwrap();
        npm.env("BASE_URL", &world.client.url).env("CHROMIUM", chromium);
        npm_succeeds(npm).await;
    });
}
