//! Runs npm in `web`, the npm workspace with all TypeScript.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, root};

/// Folders that npm and its scripts write. They are not source files.
const OUTPUT_FOLDERS: [&str; 3] = ["node_modules", "dist", "results"];
/// A file in `web/dist` with a hash of the source files that it was built from.
const SOURCES_HASH: &str = ".built-from";

/// Returns whether npm is installed.
pub fn npm_is_installed() -> bool {
    let found = Command::new("npm").arg("--version").output();
    !matches!(found, Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Returns a command that runs an npm script in `web`, after installing the packages of
/// `web/package-lock.json`.
///
/// # Errors
/// Fails if the packages cannot be installed.
pub fn npm_run(script: &str) -> Result<Command, Failure> {
    let _lock = lock()?;
    install()?;
    Ok(npm(&["run", "--silent", script]))
}

/// Builds the pages into `web/dist`, unless they were built from the same source files.
///
/// # Errors
/// Fails if npm fails or a file cannot be read.
pub fn build_pages() -> Result<(), Failure> {
    let web = root().join("web");
    let mut sources = [files(&web)?, files(&root().join("docs/legal"))?].concat();
    sources.sort();
    let mut hasher = DefaultHasher::new();
    for source in sources {
        (fs::read(&source)?, source).hash(&mut hasher);
    }
    let (hash_file, hash) = (web.join("dist").join(SOURCES_HASH), format!("{:x}", hasher.finish()));
    let is_built = || fs::read_to_string(&hash_file).is_ok_and(|built_from| built_from == hash);
    if is_built() {
        return Ok(());
    }
    let _lock = lock()?;
    if is_built() {
        return Ok(());
    }
    install()?;
    succeed(npm(&["run", "--silent", "build"]))?;
    Ok(fs::write(hash_file, hash)?)
}

/// Installs the packages of `web/package-lock.json`, unless they are installed.
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

/// Acquires the lock for installing and building. Other processes and threads wait until the
/// returned file is dropped.
fn lock() -> Result<File, Failure> {
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

/// Returns all files below a folder, except [`SOURCES_HASH`] and those in [`OUTPUT_FOLDERS`].
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !OUTPUT_FOLDERS.contains(&name) {
                found.extend(files(&path)?);
            }
        } else if name != SOURCES_HASH {
            found.push(path);
        }
    }
    Ok(found)
}
