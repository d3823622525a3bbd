//! What was fetched from package registries, kept for the next time.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::godot::apt::{self, Wanted};
use crate::{godot, project};

/// Fetching and installing takes seconds; a busy machine and a poor line get more.
pub(crate) const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// How long a fetch by another xtask is waited for.
const LOCK_LIMIT: Duration = Duration::from_secs(900);

/// Where things of one kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// The conformance suite.
    Autobahn,
    /// The engine.
    Godot,
    /// Programs of other people to talk to.
    Interop,
}

impl Shelf {
    /// A folder of the one that the variable `TUNGSTEN_CACHE` names, or of `target` here. The engine is not in one
    /// below the former.
    fn folder(self) -> PathBuf {
        let root = project::root();
        let named = env::var_os("TUNGSTEN_CACHE").map(|dir| root.join(dir));
        let cache = named.clone().unwrap_or_else(|| root.join("target"));
        match self {
            Self::Autobahn => cache.join("autobahn"),
            Self::Godot => named.unwrap_or_else(|| cache.join("godot")),
            Self::Interop => cache.join("interop"),
        }
    }
}

/// The folder `name` on a shelf. If it is not there, `fetch` fills a new one. At most one process fetches at a time.
///
/// # Errors
/// Nothing could be fetched: the cache is then as it was before.
pub(crate) fn open(shelf: Shelf, name: &str, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = shelf.folder();
    let kept = cache.join(name);
    if kept.is_dir() {
        return Ok(kept);
    }
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let _lock = lock(&cache, name)?;
    if kept.is_dir() {
        return Ok(kept);
    }
    let started = Instant::now();
    eprintln!("fetching {}", kept.display());
    let temp = cache.join("fetching");
    // We hold the lock: what is there was left by a process that was killed.
    remove(&temp)?;
    fs::create_dir_all(&temp)?;
    let result = fetch(&temp).and_then(|()| fs::rename(&temp, &kept).context("cannot move it into the cache"));
    remove(&temp)?;
    result?;
    eprintln!("{} is ready after {:.0} s", kept.display(), started.elapsed().as_secs_f32());
    Ok(kept)
}

/// A package with all that it needs, unpacked below the folder `name` of what interoperability is tested with.
///
/// # Errors
/// It could not be fetched.
pub(crate) fn open_packages(name: &str, wanted: Wanted<'_>) -> Result<PathBuf> {
    Ok(open(Shelf::Interop, name, |temp| apt::fetch(wanted, &temp.join("sysroot")))?.join("sysroot"))
}

/// A program of this machine or, if it has none, of the packages of its distribution.
#[derive(Debug)]
pub(crate) struct SystemProgram {
    path: PathBuf,
    /// Folders with libraries that the machine lacks.
    libraries: Vec<PathBuf>,
}

impl SystemProgram {
    /// The program of the package of this name, which the package has at `path`.
    ///
    /// # Errors
    /// It is not installed and cannot be fetched.
    pub(crate) fn open_or_fetch(package: &str, path: &str) -> Result<Self> {
        // Some are not on everybody's PATH.
        let places = godot::on_path(package).into_iter().chain([Path::new("/").join(path)]);
        if let Some(path) = places.into_iter().find(|path| path.is_file()) {
            return Ok(Self { path, libraries: Vec::new() });
        }
        let suite = suite(&fs::read_to_string("/etc/os-release").context("it is not known which system this is")?)?;
        let wanted = Wanted { package, suites: &[&suite], counts_installed: true };
        let sysroot = open_packages(&format!("{package}-{suite}"), wanted)?;
        let folders = ["lib", "usr/lib"].into_iter().filter_map(|dir| fs::read_dir(sysroot.join(dir)).ok());
        let libraries = folders.flatten().flatten().map(|entry| entry.path());
        let libraries = libraries.filter(|dir| dir.to_string_lossy().ends_with("-linux-gnu"));
        // What needs it finds it by itself where it is installed.
        let libraries = libraries.flat_map(|dir| [dir.join("pulseaudio"), dir]).collect();
        Ok(Self { path: sysroot.join(path), libraries })
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if !self.libraries.is_empty() {
            command.env("LD_LIBRARY_PATH", env::join_paths(&self.libraries).unwrap_or_default());
        }
        command
    }
}

/// A program of a sysroot, started by the sysroot's own loader: the libraries of this machine may be too old for it.
/// The second part is what the loader needs to know first.
///
/// # Errors
/// The sysroot has no loader.
pub(crate) fn program(sysroot: &Path, name: &str) -> Result<(PathBuf, Vec<OsString>)> {
    let usr = sysroot.join("usr");
    let lib = find(&usr.join("lib"), |name| name.ends_with("-linux-gnu"))?;
    let loader = find(&lib, |name| name.starts_with("ld-linux-"))?;
    let mut path = lib.clone().into_os_string();
    path.push(":");
    path.push(lib.join("pulseaudio"));
    Ok((loader, vec!["--library-path".into(), path, usr.join("bin").join(name).into()]))
}

/// Holds a cache for `what` until dropped.
fn lock(cache: &Path, what: &str) -> Result<File> {
    let file = File::create(cache.join("lock"))?;
    let started = Instant::now();
    let mut told = false;
    while file.try_lock().is_err() {
        if !told {
            eprintln!("{what}: another process fetches it already, waiting for that");
            told = true;
        }
        ensure!(started.elapsed() < LOCK_LIMIT, "{} stays locked by another process", cache.display());
        thread::park_timeout(Duration::from_millis(100));
    }
    Ok(file)
}

/// Removes a folder that may not be there.
pub(crate) fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

fn find(parent: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?;
    for entry in entries.flatten() {
        if wanted(&entry.file_name().to_string_lossy()) {
            return Ok(entry.path());
        }
    }
    bail!("nothing in {} is what was looked for", parent.display())
}

/// The version of a package in a `requirements.txt`.
///
/// # Errors
/// It does not name one.
pub(crate) fn pinned<'a>(requirements: &'a str, package: &str) -> Result<&'a str> {
    let versions = requirements.lines().filter_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    let version = versions.filter_map(|rest| rest.split_whitespace().next()).next();
    version.with_context(|| format!("the requirements do not name a version of {package}"))
}

/// The suite that the packages of this machine are from, according to its `/etc/os-release`.
fn suite(os_release: &str) -> Result<String> {
    let name = os_release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name.context("the system does not say which suite its packages are from")?.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_version_is_that_of_the_package() {
        let text = "# why\nautobahn==0.10.9 --hash=x\nautobahntestsuite==0.8.2 --hash=x\n";
        assert_eq!(pinned(text, "autobahntestsuite").unwrap(), "0.8.2");
        assert_eq!(pinned(text, "autobahn").unwrap(), "0.10.9");
        assert!(pinned("websockets\n", "websockets").is_err());
    }

    #[test]
    fn suite_is_the_code_name_of_the_system() {
        assert_eq!(suite("ID=debian\nVERSION_CODENAME=bookworm\n").unwrap(), "bookworm");
        assert_eq!(suite("VERSION_CODENAME=\"trixie\"\n").unwrap(), "trixie");
        assert!(suite("ID=debian\n").is_err());
    }
}
