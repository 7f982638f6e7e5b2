//! `cargo xtask released`: checks that the released code works on the schema of this commit.

use std::{fs, path::Path, process::Command};

use chatchat_harness::{Failure, root};

use crate::{failure, run};

/// Runs the system tests of the newest release, with its code, on the migrations of this commit.
///
/// A deployment migrates first, so the old code runs on the new schema for some minutes, and for
/// longer after a rollback. Also fails if a released migration was changed, because a database
/// rejects a migration whose checksum differs from the applied one.
pub fn released(base: Option<String>) -> Result<(), Failure> {
    let Some(base) = base.map_or_else(newest, |base| Ok(Some(base)))? else {
        println!("skipped: there is no release yet");
        return Ok(());
    };
    let changed =
        git(&["diff", "--name-only", "--no-renames", "--diff-filter=MDT", &base, "--", "migrations"])?;
    if !changed.is_empty() {
        return Err(failure(format!(
            "these migrations are part of {base} and must not be changed; add a new one instead: {}",
            list(&changed)
        )));
    }
    let added = git(&["diff", "--name-only", "--no-renames", "--diff-filter=A", &base, "--", "migrations"])?;
    if added.is_empty() {
        println!("nothing to check: {base} has the same schema");
        return Ok(());
    }
    println!("testing {base} with the new migrations {}", list(&added));
    let folder = root().join(".local/released");
    remove_worktree(&folder)?;
    git(&["worktree", "add", "--detach", &folder.to_string_lossy(), &base])?;
    let tested = copy(&root().join("migrations"), &folder.join("migrations")).and_then(|()| test(&folder));
    remove_worktree(&folder)?;
    tested
}

/// Returns the tag of the newest release that is an ancestor of this commit.
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
        // The tests of the client library need npm packages and do not depend on the schema.
        .args(["test", "--locked", "--package", "chatchat-tests", "--test", "system"])
        .args(["--", "--skip", "client_library"]))
}

/// Removes the worktree of the release, if it exists.
fn remove_worktree(folder: &Path) -> Result<(), Failure> {
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
