//! Fetches Debian packages and all they need through an apt of our own: its lists, cache and state are in a folder that
//! is given up afterwards, and the machine's own packages stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::cache::remove;
use crate::parallel;
use crate::process::{self, Event, Stream};

/// Who may sign what we fetch.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// What the machine has installed.
const STATUS: &str = "/var/lib/dpkg/status";

/// Godot has about 200 MB: half a minute on a good line, and this on a poor one.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(600);

/// The lists have about 10 MB.
const LIST_LIMIT: Duration = Duration::from_secs(180);

/// For what needs no network.
const LOCAL_LIMIT: Duration = Duration::from_secs(120);

/// How often a download tells how far it is.
const PAUSE: Duration = Duration::from_secs(3);

/// What the machine's own configuration must not do here. `#clear` takes out hooks that touch the machine's cache.
const CONFIGURATION: &str = "\
#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
APT::Update::Error-Mode \"any\";
APT::Install-Recommends \"false\";
APT::Sandbox::User \"root\";
Acquire::Languages \"none\";
Acquire::Retries \"3\";
Acquire::http::Timeout \"30\";
Acquire::https::Timeout \"30\";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";
Dir::Etc::sourceparts \"/dev/null\";
Dir::Etc::preferences \"/dev/null\";
Dir::Etc::preferencesparts \"/dev/null\";
";

/// What is fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) package: &'a str,
    /// Where to look for it, in this order.
    pub(crate) suites: &'a [&'a str],
    /// Leave out what the machine has installed. Only for a suite that fits the machine's libraries.
    pub(crate) counts_installed: bool,
}

/// Godot 4 with all that it needs, libc included. Of the suites that have it the calmer one comes first.
pub(super) const GODOT: Wanted<'_> = Wanted { package: "godot", suites: &["forky", "sid"], counts_installed: false };

/// Fetches a package and unpacks it into `sysroot`. The signature of the archive is verified with the keyring of the
/// machine. What is left there after an error is of no use.
///
/// # Errors
/// There is no apt, no keyring or no mirror that has one of the suites.
pub(crate) fn fetch(wanted: Wanted<'_>, sysroot: &Path) -> Result<()> {
    for tool in ["apt-get", "dpkg-deb"] {
        ensure!(super::on_path(tool).is_some(), "it would be fetched with {tool}, which this machine does not have");
    }
    ensure!(Path::new(KEYRING).is_file(), "{KEYRING} is missing: install the package debian-archive-keyring");
    let mirrors = mirrors()?;
    let mut failures = Vec::new();
    for suite in wanted.suites {
        for mirror in &mirrors {
            eprintln!("{}: looking in suite {suite}", wanted.package);
            let apt = PrivateApt::new(&sysroot.join(format!("apt-{}", failures.len())), mirror, suite, wanted)?;
            match apt.update().and_then(|()| apt.plan()) {
                Ok(plan) => {
                    apt.download(&plan)?;
                    eprintln!("{}: unpacking", wanted.package);
                    unpack(&apt.archives(), sysroot)?;
                    return (0..=failures.len()).try_for_each(|idx| remove(&sysroot.join(format!("apt-{idx}"))));
                }
                Err(error) => failures.push(format!("{suite}: {error:#}")),
            }
        }
    }
    bail!("no mirror of this machine's apt has it:\n{}", failures.join("\n"))
}

/// The addresses this machine's apt fetches packages from.
fn mirrors() -> Result<Vec<String>> {
    let ask = |args: &[&str]| process::capture(Command::new("apt-get").args(args), LOCAL_LIMIT);
    let mut addresses = ask(&["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])?;
    if addresses.trim().is_empty() {
        // A fresh image has no lists yet. What would be fetched says the same: 'MIRROR/dists/SUITE/FILE' NAME SIZE
        let planned = ask(&["update", "--print-uris"])?;
        let planned = planned.lines().filter_map(|line| Some(line.strip_prefix('\'')?.split_once("/dists/")?.0));
        addresses = planned.collect::<Vec<_>>().join("\n");
    }
    let mut mirrors: Vec<String> = Vec::new();
    for line in addresses.lines() {
        // Security updates have an archive of their own without the suites we look for.
        if !line.is_empty() && !line.contains("security") && !mirrors.iter().any(|known| known == line) {
            mirrors.push(line.to_owned());
        }
    }
    ensure!(!mirrors.is_empty(), "this machine's apt has no package sources");
    Ok(mirrors)
}

/// An apt that knows one suite, may believe that nothing is installed, and keeps everything in `dir`.
#[derive(Debug)]
struct PrivateApt<'a> {
    dir: PathBuf,
    suite: &'a str,
    package: &'a str,
}

/// What will be fetched.
#[derive(Debug)]
struct Plan {
    packages: usize,
    bytes: u64,
}

impl<'a> PrivateApt<'a> {
    fn new(dir: &Path, mirror: &str, suite: &'a str, wanted: Wanted<'a>) -> Result<Self> {
        for sub in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        // The list of what is installed.
        let status = if wanted.counts_installed { fs::read(STATUS)? } else { Vec::new() };
        fs::write(dir.join("state/status"), status)?;
        fs::write(dir.join("sources.list"), format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n"))?;
        let at = dir.display();
        let places = format!(
            "Dir::State \"{at}/state\";\nDir::State::lists \"{at}/state/lists\";\nDir::State::status \"{at}/state/status\";\n\
             Dir::Cache \"{at}/cache\";\nDir::Etc::sourcelist \"{at}/sources.list\";\n"
        );
        fs::write(dir.join("apt.conf"), format!("{CONFIGURATION}{places}"))?;
        Ok(Self { dir: dir.to_owned(), suite, package: wanted.package })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.arg("--config-file").arg(self.dir.join("apt.conf")).arg("--yes").env("LC_ALL", "C");
        // apt leaves its temporary files behind when it is killed.
        command.env("TMPDIR", &self.dir);
        command
    }

    fn archives(&self) -> PathBuf {
        self.dir.join("cache/archives")
    }

    fn update(&self) -> Result<()> {
        process::capture(self.command().arg("update"), LIST_LIMIT).map(drop)
    }

    fn plan(&self) -> Result<Plan> {
        let printed = process::capture(self.command().args(["install", "--print-uris", self.package]), LOCAL_LIMIT)?;
        // 'ADDRESS' FILE SIZE HASH
        let sizes = printed.lines().filter(|line| line.starts_with('\''));
        let sizes: Vec<u64> = sizes.filter_map(|line| line.split_whitespace().nth(2)?.parse().ok()).collect();
        ensure!(!sizes.is_empty(), "apt would fetch nothing:\n{printed}");
        Ok(Plan { packages: sizes.len(), bytes: sizes.iter().sum() })
    }

    fn download(&self, plan: &Plan) -> Result<()> {
        let Plan { packages, bytes } = plan;
        let size = bytes.div_ceil(1_000_000);
        eprintln!("{}: fetching it from {}: {packages} packages, {size} MB", self.package, self.suite);
        let now = Instant::now();
        let mut progress = Progress { package: self.package, started: now, shown: now, bytes: *bytes };
        let mut log = String::new();
        let mut command = self.command();
        command.args(["install", "--download-only", self.package]);
        let status = process::watch(&mut command, &[Stream::Out, Stream::Err], DOWNLOAD_LIMIT, |event| {
            if let Event::Line(stream, line) = event
                && stream == Stream::Err
            {
                log += &line;
                log.push('\n');
            }
            progress.show(&self.archives());
        })?;
        ensure!(status.success(), "apt could not fetch it ({status}):\n{}", log.trim_end());
        Ok(())
    }
}

/// Tells now and then how much has arrived.
#[derive(Debug)]
struct Progress<'a> {
    package: &'a str,
    started: Instant,
    shown: Instant,
    bytes: u64,
}

impl Progress<'_> {
    fn show(&mut self, archives: &Path) {
        if self.shown.elapsed() < PAUSE {
            return;
        }
        self.shown = Instant::now();
        let arrived = (size_of_files(archives) + size_of_files(&archives.join("partial"))) / 1_000_000;
        let (bytes, seconds) = (self.bytes / 1_000_000, self.started.elapsed().as_secs());
        eprintln!("{}: {arrived} of {bytes} MB after {seconds} s", self.package);
    }
}

fn size_of_files(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file).map(|data| data.len()).sum()
}

/// Unpacks every package in `archives` into `sysroot`.
fn unpack(archives: &Path, sysroot: &Path) -> Result<()> {
    fs::create_dir_all(sysroot)?;
    let files = fs::read_dir(archives)?.flatten().map(|entry| entry.path());
    let packages: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect();
    let unpacked = parallel::map(&packages, |_, package| {
        process::capture(Command::new("dpkg-deb").arg("-x").arg(package).arg(sysroot), LOCAL_LIMIT)
            .with_context(|| format!("cannot unpack {}", package.display()))
    });
    unpacked.into_iter().try_for_each(|result| result.map(drop))
}
