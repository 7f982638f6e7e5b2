//! npm in `web`, the workspace of all TypeScript.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, root};

/// The folders that npm and its scripts write.
const WRITTEN: [&str; 3] = ["node_modules", "dist", "results"];
/// A file in `web/dist` with a hash of everything that it was built from.
const BUILT_FROM: &str = ".built-from";

/// Whether npm can be run.
pub fn npm_is_installed() -> bool {
    let found = Command::new("npm").arg("--version").output();
    !matches!(found, Err(error) if error.kind() == ErrorKind::NotFound)
}

/// `npm run` in `web`, with the packages that `web/package-lock.json` names.
///
/// # Errors
/// When the packages cannot be installed.
pub fn npm_run(script: &str) -> Result<Command, Failure> {
    let _alone = alone()?;
    install()?;
    Ok(npm(&["run", "--silent", script]))
}

/// Builds the pages into `web/dist`, unless they were built from the same files.
///
/// # Errors
/// When npm fails, or a file cannot be read.
pub fn build_pages() -> Result<(), Failure> {
    let web = root().join("web");
    let mut sources = files(&web)?;
    sources.sort();
    let mut hasher = DefaultHasher::new();
    for source in sources {
        (fs::read(&source)?, source).hash(&mut hasher);
    }
    let (built_from, sources) = (web.join("dist").join(BUILT_FROM), format!("{:x}", hasher.finish()));
    let is_built = || fs::read_to_string(&built_from).is_ok_and(|before| before == sources);
    if is_built() {
        return Ok(());
    }
    let _alone = alone()?;
    if is_built() {
        return Ok(());
    }
    install()?;
    succeed(npm(&["run", "--silent", "build"]))?;
    Ok(fs::write(built_from, sources)?)
}

/// Installs the packages that `web/package-lock.json` names, unless they are installed.
fn install() -> Result<(), Failure> {
    let web = root().join("web");
    let lock = fs::read(web.join("package-lock.json"))?;
    let installed = web.join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|before| before == lock) {
        return Ok(());
    }
    succeed(npm(&["ci", "--no-audit", "--no-fund"]))?;
    Ok(fs::write(installed, lock)?)
}

/// Waits until no other process and no other thread installs or builds, and keeps them from it until
/// the returned file is dropped.
fn alone() -> Result<File, Failure> {
    let folder = root().join(".local");
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("web.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(root().join("web")).args(arguments);
    npm
}

fn succeed(mut npm: Command) -> Result<(), Failure> {
    let status = npm
        .status()
        .map_err(|error| format!("npm cannot be run ({error}); install Node 20.19 or newer with npm"))?;
    if status.success() {
        return Ok(());
    }
    let what: Vec<_> = npm.get_args().filter_map(|argument| argument.to_str()).collect();
    Err(format!("`npm {}` in web failed with {status} (output above)", what.join(" ")).into())
}

/// All files below a folder, but for those that [`BUILT_FROM`] and [`WRITTEN`] name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !WRITTEN.contains(&name) {
                found.extend(files(&path)?);
            }
        } else if name != BUILT_FROM {
            found.push(path);
        }
    }
    Ok(found)
}
