//! `websockets` on Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cache::{self, Shelf};
use crate::process::START_LIMIT;
use crate::{godot, process, project};

/// What to do without it.
const HINT: &str = "install Python 3.9 or later with pip, such as the packages python3 and python3-pip";

/// Whether it is new enough, and its version.
const ASK: &str = "import sys; print(sys.version.split()[0]); sys.exit(sys.version_info < (3, 9))";

/// The wheel that fits every machine, so that `requirements.txt` needs one hash, and nothing is compiled.
const INSTALL: [&str; 15] = [
    "-m",
    "pip",
    "install",
    "--disable-pip-version-check",
    "--no-input",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--platform=any",
    "--implementation=py",
    "--abi=none",
    "--no-compile",
    "--root-user-action=ignore",
    "--requirement",
    "interop/python/requirements.txt",
];

#[derive(Debug)]
pub(super) struct Python {
    program: PathBuf,
    pub(super) version: String,
    packages: PathBuf,
}

impl Python {
    /// Finds Python, and the `websockets` of `requirements.txt`.
    ///
    /// # Errors
    /// It is not there or too old, or pip is not there or cannot fetch.
    pub(super) fn prepare() -> Result<Self> {
        let program = godot::on_path("python3").with_context(|| format!("python3 is missing: {HINT}"))?;
        let python = process::capture(Command::new(&program).args(["-c", ASK]), START_LIMIT)
            .with_context(|| format!("python3 is too old or does not run: {HINT}"))?;
        let requirements = fs::read_to_string(project::root().join("interop/python/requirements.txt"))?;
        let websockets = cache::pinned(&requirements, "websockets")?;
        let packages =
            cache::open(Shelf::Interop, &format!("websockets-{websockets}"), |temp| install(&program, temp))?;
        let version = format!("websockets {websockets} on Python {}", python.trim());
        Ok(Self { program, version, packages })
    }

    /// Runs `server` or `client`.
    pub(super) fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.env("PYTHONPATH", &self.packages).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8");
        command.arg(project::root().join("interop/python").join(script).with_extension("py"));
        command
    }
}

fn install(program: &Path, temp: &Path) -> Result<()> {
    let pip = process::capture(Command::new(program).args(["-m", "pip", "--version"]), START_LIMIT);
    ensure!(pip.is_ok(), "python3 has no pip: {HINT}");
    let mut command = Command::new(program);
    command.args(INSTALL).arg("--target").arg(temp).current_dir(project::root());
    process::capture(&mut command, cache::INSTALL_LIMIT).map(drop)
}
