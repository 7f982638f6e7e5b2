//! The account the server runs as: PostgreSQL refuses to run as root.

use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use super::programs::output;
use crate::error::StartError;

/// An account other than root's, or the one that runs this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account(Option<(u32, u32)>);

impl Account {
    /// The one that runs this; for root `postgres`, else `nobody`.
    pub(super) fn find() -> Result<Self, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let id = |what: &str, name: &str| output(Command::new("id").args([what, name]))?.parse::<u32>().ok();
        let found = ["postgres", "nobody"].iter().find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
        let found = found.ok_or_else(|| {
            StartError::Postgres("PostgreSQL cannot run as root, and there is neither a user postgres nor a user nobody to run it as".to_owned())
        })?;
        Ok(Self(Some(found)))
    }

    /// A command that runs as this account.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives a file or an empty folder to this account.
    pub(super) fn own(self, path: &Path) -> std::io::Result<()> {
        self.0.map_or(Ok(()), |(user, group)| chown(path, Some(user), Some(group)))
    }

    /// Whether the account can enter a folder.
    pub(super) fn reaches(self, folder: &Path) -> bool {
        self.0.is_none()
            || self
                .command(Path::new("/bin/sh"))
                .args(["-c", "cd \"$1\"", "sh"])
                .arg(folder)
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    }
}
