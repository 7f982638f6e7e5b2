//! The user account that the server runs as, because PostgreSQL refuses to run as root.

use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use super::process::output;
use crate::error::StartError;

/// The user and group ids of an account; `None` for the account that runs this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account(Option<(u32, u32)>);

impl Account {
    /// Returns the account that runs this process. If that is root, returns `postgres`, or else
    /// `nobody`.
    pub(super) fn find() -> Result<Self, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let id = |what: &str, name: &str| output(Command::new("id").args([what, name]))?.parse::<u32>().ok();
        let found = ["postgres", "nobody"].iter().find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
        let found = found.ok_or_else(|| {
            let problem = "PostgreSQL cannot run as root, and this machine has neither a user postgres nor \
                           a user nobody; create one of them, or run this as another user";
            StartError::Postgres(problem.to_owned())
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

    /// Makes this account the owner of a file or an empty folder.
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
