//! Chromium, whose own WebSocket is the client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cache::SystemProgram;
use crate::process::START_LIMIT;
use crate::{process, project};

/// What to do without it.
const HINT: &str = "there is no Chromium on this machine and none could be fetched: install the package chromium";

/// Without a window, and without talking to anybody but our server.
const FLAGS: [&str; 8] = [
    "--headless",
    // Which root may not have.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[derive(Debug)]
pub(super) struct Browser {
    program: SystemProgram,
    /// As printed by `--version`, such as `Chromium 150.0.7871.100`.
    pub(super) version: String,
    /// For profiles; a new one each time.
    dir: PathBuf,
}

impl Browser {
    /// The Chromium of this machine, or of its distribution's packages.
    ///
    /// # Errors
    /// It is neither installed nor can it be fetched, or it does not run.
    pub(super) fn prepare(dir: &Path) -> Result<Self> {
        // What the package has in usr/bin is a script that looks for it where it would be installed.
        let program = SystemProgram::open_or_fetch("chromium", "usr/lib/chromium/chromium").context(HINT)?;
        let mut browser = Self { program, version: String::new(), dir: dir.join("browser") };
        fs::create_dir_all(&browser.dir)?;
        let printed = process::capture(browser.command().arg("--version"), START_LIMIT)?;
        browser.version = printed.lines().last().unwrap_or_default().trim().to_owned();
        Ok(browser)
    }

    /// Opens the page that is the client, with options as in the query of a URL. It goes on until it is killed.
    pub(super) fn open(&self, profile: &str, options: &str) -> Command {
        let page = project::root().join("interop/browser/client.html");
        let mut command = self.command();
        command.args(FLAGS).arg(format!("--user-data-dir={}", self.dir.join(profile).display()));
        command.arg(format!("file://{}?{options}", page.display()));
        command
    }

    fn command(&self) -> Command {
        let mut command = self.program.command();
        // Some of what it writes is beside its profile.
        command.env("HOME", &self.dir);
        command
    }
}
