//! `cargo xtask godot`: find Godot 4 on this machine, or fetch it, and run it.

pub(crate) mod apt;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use anyhow::{Context, Result, bail};

use crate::cache::{self, Shelf};
use crate::process;
use crate::process::START_LIMIT;

/// The oldest engine the extension loads into: `compatibility_minimum` of the `.gdextension`.
const OLDEST: (u32, u32) = (4, 2);

/// What to do without it.
const HINT: &str = "there is no Godot 4 on this machine and none could be fetched.
Install Godot 4.2 or later as `godot4` or `godot` on the PATH,
or set GODOT4_BIN to the path of its program";

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Passed to Godot as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// A Godot 4 that runs on this machine.
#[derive(Debug)]
pub(crate) struct Godot {
    /// The engine, or the loader that starts it.
    program: PathBuf,
    /// What the loader needs to know first.
    leading_args: Vec<OsString>,
    /// Folders the engine writes to, where they are not the user's own.
    env: Vec<(&'static str, PathBuf)>,
    /// As printed by `--version`, such as `4.6.3.stable`.
    version: String,
}

/// Runs Godot with the given arguments, or says where it is and which version it has.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let godot = find_or_fetch()?;
    if flags.args.is_empty() {
        println!("{}", godot.path().display());
        println!("{}", godot.version());
        return Ok(());
    }
    let status = godot.command().args(flags.args).status().context("cannot start Godot")?;
    exit(status.code().unwrap_or(1));
}

/// The first that is there of: the variable `GODOT4_BIN`; `godot4` and `godot` on the `PATH`; our cache. Else fetches
/// one into the cache.
///
/// # Errors
/// `GODOT4_BIN` is set to something that is no Godot 4.2 or later, or there is none and none can be fetched; the text
/// says what to install or set.
pub(crate) fn find_or_fetch() -> Result<Godot> {
    if let Some(path) = env::var_os("GODOT4_BIN") {
        return Godot::plain(PathBuf::from(&path)).with_context(|| format!("GODOT4_BIN is {}", path.display()));
    }
    for name in ["godot4", "godot"] {
        // A Godot 3 under that name is no error, only not ours.
        if let Some(godot) = on_path(name).and_then(|path| Godot::plain(path).ok()) {
            return Ok(godot);
        }
    }
    let sysroot = cache::open(Shelf::Godot, "sysroot", |temp| apt::fetch(apt::GODOT, temp)).context(HINT)?;
    Godot::unpacked(&sysroot).with_context(|| {
        format!("the Godot in {} does not run; delete that folder to have it fetched again", sysroot.display())
    })
}

impl Godot {
    /// A command that starts the engine; the caller adds `--headless` and the rest.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.leading_args).envs(self.env.iter().map(|(name, dir)| (name, dir)));
        // With it, a debug build of the extension notes where each call came from, which takes longer than the call.
        command.env_remove("RUST_BACKTRACE");
        command
    }

    /// As printed by `--version`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Where the engine is.
    pub(crate) fn path(&self) -> &Path {
        self.leading_args.last().map_or(&self.program, Path::new)
    }

    /// An engine that is started by its own name.
    fn plain(program: PathBuf) -> Result<Self> {
        Self { program, leading_args: Vec::new(), env: Vec::new(), version: String::new() }.checked()
    }

    /// The engine of our cache. What it keeps outside of projects is next to it.
    fn unpacked(sysroot: &Path) -> Result<Self> {
        let (program, leading_args) = cache::program(sysroot, "godot")?;
        let home = sysroot.with_file_name("home");
        let dirs = [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")];
        let env = dirs.map(|(name, dir)| (name, home.join(dir))).to_vec();
        env.iter().try_for_each(|(_, dir)| fs::create_dir_all(dir))?;
        Self { program, leading_args, env, version: String::new() }.checked()
    }

    /// Asks the engine for its version.
    fn checked(mut self) -> Result<Self> {
        let printed = process::capture(self.command().arg("--version"), START_LIMIT)?;
        // Whatever the engine warns about comes first.
        self.version = printed.lines().last().unwrap_or_default().trim().to_owned();
        match parse_version(&self.version) {
            Some(found) if found >= OLDEST && found.0 == 4 => Ok(self),
            _ => bail!("it says it is {:?}; needed is 4, at least {}.{}", self.version, OLDEST.0, OLDEST.1),
        }
    }
}

/// The first two numbers of a version.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The program of this name that a shell would start.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(&file)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_of_a_distribution_build_is_read() {
        assert_eq!(parse_version("4.6.3.stable.debian.abc"), Some((4, 6)));
        assert!(parse_version("4.10.stable") > Some(OLDEST));
    }

    #[test]
    fn version_that_is_no_number_is_none() {
        assert_eq!(parse_version("Godot Engine"), None);
        assert_eq!(parse_version(""), None);
    }
}
