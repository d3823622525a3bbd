//! The suite: where it comes from, and how it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::cache::{self, Shelf};
use crate::godot::apt;
use crate::process::{Background, END_LIMIT, START_LIMIT, text};
use crate::{godot, process, project};

/// What runs the suite, which was written for Python 2.7, and compiles what it needs. CPython is some ten times slower,
/// and left Debian with the same release.
const PYPY: apt::Wanted<'_> = apt::Wanted { package: "pypy-dev", suites: &["bullseye"], counts_installed: false };

/// What PyPy needs that newer machines lack. The other libraries of that release would not fit the machine's loader.
const LIBRARIES: [&str; 3] = ["libcrypto.so.1.1", "libffi.so.7", "libssl.so.1.1"];

/// Where our part of it is.
const SOURCE: &str = "interop/autobahn";

const PIP: [&str; 8] = [
    "install",
    "--disable-pip-version-check",
    "--no-build-isolation",
    "--no-compile",
    "--no-deps",
    "--no-input",
    "--quiet",
    "--require-hashes",
];

/// A whole run, on a busy machine.
pub(super) const RUN_LIMIT: Duration = Duration::from_secs(1800);

/// What the suite calls us.
pub(super) const AGENT: &str = "Tungsten";

#[derive(Debug)]
pub(super) struct Suite {
    dir: PathBuf,
}

/// The suite as a server that tests whoever comes. Ended when dropped.
#[derive(Debug)]
pub(super) struct FuzzingServer {
    process: Background,
    port: u16,
    count: usize,
}

impl Suite {
    /// Finds the suite in the cache, or fetches it from Debian's packages and Python's.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub(super) fn open_or_fetch() -> Result<Self> {
        let requirements = fs::read_to_string(source("suite.txt"))?;
        let version = cache::pinned(&requirements, "autobahntestsuite")?;
        let dir =
            cache::open(Shelf::Autobahn, &format!("suite-{version}"), |temp| Suite { dir: temp.to_owned() }.fetch());
        let dir = dir.context("the Autobahn test suite cannot be fetched")?;
        Ok(Self { dir })
    }

    fn fetch(&self) -> Result<()> {
        let sysroot = self.dir.join("sysroot");
        apt::fetch(PYPY, &sysroot)?;
        fs::create_dir_all(self.dir.join("lib"))?;
        for name in LIBRARIES {
            let library = find(&sysroot, name).with_context(|| format!("{} lacks {name}", PYPY.package))?;
            fs::copy(library, self.dir.join("lib").join(name))?;
        }
        let work = self.dir.join("work");
        let pip = self.fetch_pip(&work)?;
        for requirements in ["build.txt", "suite.txt"] {
            eprintln!("autobahn: installing {requirements}");
            let mut command = self.python();
            command.arg(pip.join("pip")).args(PIP).arg("--target").arg(self.site());
            command.arg("--requirement").arg(source(requirements));
            process::capture(&mut command, cache::INSTALL_LIMIT)?;
        }
        // Without it, a package that is spread over folders is found in the installed place only.
        fs::write(self.site().join("zope/__init__.py"), "")?;
        fs::remove_dir_all(&work)?;
        Ok(())
    }

    /// The last pip that runs on 2.7, fetched by the machine's.
    fn fetch_pip(&self, work: &Path) -> Result<PathBuf> {
        let python = godot::on_path("python3").context("python3 is missing: install it with pip")?;
        let dir = work.join("pip");
        let mut command = Command::new(python);
        command.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-input", "--quiet"]);
        command.args(["--require-hashes", "--requirement"]).arg(source("pip.txt")).arg("--dest").arg(&dir);
        process::capture(&mut command, cache::INSTALL_LIMIT)?;
        let wheel = fs::read_dir(&dir)?.flatten().next().context("pip has fetched nothing")?;
        Ok(wheel.path())
    }

    /// Starts the server and waits until it listens.
    pub(super) fn serve(&self, patterns: &[String], dir: &Path) -> Result<FuzzingServer> {
        // The system chooses the port.
        let spec = json!({ "url": url(0), "outdir": dir, "cases": patterns });
        let mut command = self.command("fuzzingserver", dir, &spec)?;
        let mut process = Background::start(command.args(["-u", "0"]))?;
        let announced = process.wait_for("Ok, will run", START_LIMIT).and_then(|text| {
            let port = process.wait_for("ready", START_LIMIT)?;
            Ok((count(&text)?, port.trim().parse().context("the suite does not say where it listens")?))
        });
        match announced {
            Ok((count, port)) => Ok(FuzzingServer { process, port, count }),
            Err(error) => bail!("{error:#}\n{}", text(&process.kill())),
        }
    }

    /// Tests the server on that port, and returns how many cases were announced.
    pub(super) fn visit(&self, port: u16, patterns: &[String], dir: &Path) -> Result<usize> {
        let servers = json!([{ "agent": AGENT, "url": url(port) }]);
        let spec = json!({ "outdir": dir, "servers": servers, "cases": patterns });
        let mut command = self.command("fuzzingclient", dir, &spec)?;
        let (lines, end) = Background::start(&mut command)?.end(RUN_LIMIT);
        let status = end?;
        ensure!(status.success(), "the suite ended with {status}:\n{}", text(&lines));
        let announced = lines.iter().find_map(|(_, line)| line.strip_prefix("Ok, will run "));
        count(announced.context("the suite does not say how many cases it has")?)
    }

    fn command(&self, mode: &str, dir: &Path, spec: &serde_json::Value) -> Result<Command> {
        let file = dir.join("spec.json");
        fs::write(&file, spec.to_string())?;
        let mut command = self.python();
        command.arg("-u").arg(source("start.py")).args(["-m", mode, "-s"]).arg(file);
        Ok(command)
    }

    fn python(&self) -> Command {
        let mut command = Command::new(self.dir.join("sysroot/usr/lib/pypy/bin/pypy-c"));
        command.env("LD_LIBRARY_PATH", self.dir.join("lib")).env("PYTHONPATH", self.site());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn site(&self) -> PathBuf {
        self.dir.join("site")
    }
}

impl FuzzingServer {
    /// How many cases it has.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where a client has to go, in this order: a case each, and then what makes it write its report.
    pub(super) fn urls(&self) -> Vec<String> {
        let url = url(self.port);
        let cases = (1..=self.count).map(|number| format!("{url}/runCase?case={number}&agent={AGENT}"));
        cases.chain([format!("{url}/updateReports?agent={AGENT}")]).collect()
    }

    pub(super) fn end(self) {
        // Whatever it has to say is in its report.
        let _ = self.process.terminate(END_LIMIT);
    }
}

fn source(name: &str) -> PathBuf {
    project::root().join(SOURCE).join(name)
}

fn url(port: u16) -> String {
    format!("ws://127.0.0.1:{port}")
}

/// The number of a text `517 test cases …`.
fn count(text: &str) -> Result<usize> {
    let number = text.split(' ').next().and_then(|word| word.parse().ok());
    number.with_context(|| format!("the suite will run {text:?}"))
}

/// The file of this name in a folder or below.
fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    let paths = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let mut folders = Vec::new();
    for path in paths {
        if path.ends_with(name) {
            return Some(path);
        }
        if path.is_dir() && !path.is_symlink() {
            folders.push(path);
        }
    }
    folders.iter().find_map(|folder| find(folder, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_of_cases_is_the_first_word() {
        assert_eq!(count("517 test cases against 1 servers").unwrap(), 517);
        assert!(count("no test cases").is_err());
    }
}
