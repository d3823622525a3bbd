//! `ws` on Node.js.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cache::{self, Shelf};
use crate::process::START_LIMIT;
use crate::{godot, process, project};

/// The oldest Node.js that our scripts run on.
const OLDEST: u32 = 18;

/// What to do without it.
const HINT: &str = "install Node.js 18 or later with npm, such as the packages nodejs and npm";

#[derive(Debug)]
pub(super) struct Node {
    program: PathBuf,
    pub(super) version: String,
    scripts: PathBuf,
}

impl Node {
    /// Finds Node.js, and puts our scripts and the `ws` of `package-lock.json` into `dir`.
    ///
    /// # Errors
    /// It is not there or too old, or npm is not there or cannot fetch.
    pub(super) fn prepare(dir: &Path) -> Result<Self> {
        let program = godot::on_path("node").with_context(|| format!("node is missing: {HINT}"))?;
        let node = process::capture(Command::new(&program).arg("--version"), START_LIMIT)?.trim().to_owned();
        let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
        ensure!(major >= Some(OLDEST), "node says it is {node:?}: {HINT}");

        let source = project::root().join("interop/node");
        let ws = pinned(&fs::read_to_string(source.join("package.json"))?)?;
        let installed = cache::open(Shelf::Interop, &format!("ws-{ws}"), |temp| install(&source, temp))?;
        // A script finds packages next to itself only.
        let scripts = dir.join("node");
        copy(&source, &scripts)?;
        copy(&installed.join("node_modules"), &scripts.join("node_modules"))?;
        Ok(Self { program, version: format!("ws {ws} on Node.js {node}"), scripts })
    }

    /// Runs `server` or `client`.
    pub(super) fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.scripts.join(script).with_extension("mjs"));
        command
    }
}

/// The version of `ws` in a `package.json`.
fn pinned(package: &str) -> Result<String> {
    let package: Value = serde_json::from_str(package)?;
    let version = package["dependencies"]["ws"].as_str();
    Ok(version.context("interop/node/package.json does not name a version of ws")?.to_owned())
}

fn install(source: &Path, temp: &Path) -> Result<()> {
    let npm = godot::on_path("npm").with_context(|| format!("npm is missing: {HINT}"))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), temp.join(name))?;
    }
    let mut command = Command::new(npm);
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]).current_dir(temp);
    process::capture(&mut command, cache::INSTALL_LIMIT).map(drop)
}

/// Copies a folder with all that is in it, except for what somebody has installed there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if !path.is_dir() {
            fs::copy(&path, target)?;
        } else if !path.ends_with("node_modules") {
            copy(&path, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_version_is_that_of_ws() {
        assert_eq!(pinned(r#"{"dependencies": {"ws": "8.0.1"}}"#).unwrap(), "8.0.1");
        assert!(pinned("{}").is_err());
    }
}
