//! `WebSocketServer` and `WebSocketClient` of Godot 3.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::godot::apt;
use crate::process::START_LIMIT;
use crate::{cache, process, project};

/// The engine without a window, with all that it needs, libc included. What machines have installed is often older than
/// the last version of Godot 3, and each version has its own set of members.
const PACKAGE: apt::Wanted<'_> =
    apt::Wanted { package: "godot3-server", suites: &["forky", "sid"], counts_installed: false };

/// What to do without it.
const HINT: &str = "there is no Godot 3 and none could be fetched: that takes apt with access to Debian's packages";

#[derive(Debug)]
pub(super) struct Godot3 {
    /// The loader that starts the engine, and what it needs to know first.
    loader: PathBuf,
    leading_args: Vec<OsString>,
    /// As printed by `--version`, such as `3.6.2.stable`.
    pub(super) version: String,
}

impl Godot3 {
    /// Finds the engine in the cache, or fetches it.
    ///
    /// # Errors
    /// It cannot be fetched, or it does not run.
    pub(super) fn prepare() -> Result<Self> {
        let sysroot = cache::open_packages(PACKAGE.package, PACKAGE).context(HINT)?;
        let (loader, leading_args) = cache::program(&sysroot, PACKAGE.package)?;
        let mut godot3 = Self { loader, leading_args, version: String::new() };
        let printed = process::capture(godot3.engine().arg("--version"), START_LIMIT)?;
        godot3.version = printed.lines().last().unwrap_or_default().trim().to_owned();
        ensure!(godot3.version.starts_with("3."), "the package {} is Godot {:?}", PACKAGE.package, godot3.version);
        Ok(godot3)
    }

    /// Runs `server` or `client`; what the engine keeps outside of a project is in `home`.
    pub(super) fn command(&self, script: &str, home: &Path) -> Result<Command> {
        fs::create_dir_all(home)?;
        let mut command = self.engine();
        command.envs(["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map(|name| (name, home)));
        command.arg("--path").arg(project::root().join("interop/godot3")).arg("-s").arg(format!("{script}.gd"));
        Ok(command)
    }

    fn engine(&self) -> Command {
        let mut command = Command::new(&self.loader);
        command.args(&self.leading_args);
        command
    }
}
