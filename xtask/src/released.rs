//! `cargo xtask released`: whether the code that is out there works on the schema that this commit brings.

use std::{fs, path::Path, process::Command};

use chatchat_tests::{Failure, root};

use crate::{failure, run};

/// Runs the whole product's tests as the newest release has them, with its own code, on this commit's migrations.
///
/// A deployment migrates first, so for some minutes the code before runs on the schema after; so it does for longer when the code is taken back. What a
/// release has once applied is never changed either: no database would take it.
pub fn released(base: Option<String>) -> Result<(), Failure> {
    let Some(base) = base.map_or_else(newest, |base| Ok(Some(base)))? else {
        println!("nothing is released yet; the first release is what later migrations are held to");
        return Ok(());
    };
    let changed =
        git(&["diff", "--name-only", "--no-renames", "--diff-filter=MDT", &base, "--", "migrations"])?;
    if !changed.is_empty() {
        return Err(failure(format!(
            "{base} has these migrations, which nothing may change any more: {}",
            list(&changed)
        )));
    }
    let added = git(&["diff", "--name-only", "--no-renames", "--diff-filter=A", &base, "--", "migrations"])?;
    if added.is_empty() {
        println!("the schema is that of {base}");
        return Ok(());
    }
    println!("{base} on a schema with {}", list(&added));
    let folder = root().join(".local/released");
    forget(&folder)?;
    git(&["worktree", "add", "--detach", &folder.to_string_lossy(), &base])?;
    let tested = copy(&root().join("migrations"), &folder.join("migrations")).and_then(|()| test(&folder));
    forget(&folder)?;
    tested
}

/// The tag of the newest release that this commit comes after.
fn newest() -> Result<Option<String>, Failure> {
    let tags = git(&["tag", "--merged", "HEAD", "--list", "v*", "--sort=-version:refname"])?;
    Ok(tags.lines().next().map(str::to_owned))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

fn test(folder: &Path) -> Result<(), Failure> {
    run(Command::new("cargo")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", root().join("target/released"))
        // What needs tools beside the code (tests of the templates and of the client library) does not depend on the schema.
        .args(["test", "--locked", "--package", "chatchat-tests", "--test", "system"])
        .args(["--", "--skip", "client_library"]))
}

/// Takes the release's files away, as far as there are any.
fn forget(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        git(&["worktree", "remove", "--force", &folder.to_string_lossy()])?;
    }
    git(&["worktree", "prune"]).map(drop)
}

fn git(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git").current_dir(root()).args(arguments).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    Err(failure(format!(
        "`git {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

fn list(lines: &str) -> String {
    lines.lines().collect::<Vec<_>>().join(", ")
}
