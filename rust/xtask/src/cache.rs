//! What was fetched from package registries, kept for the next time.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::godot::apt::{self, Wanted};
use crate::godot::cache::{lock, remove};
use crate::project;

/// Where things of one kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// The conformance suite.
    Autobahn,
    /// Programs of other people to talk to.
    Interop,
}

impl Shelf {
    /// A folder of the one that the variable `TUNGSTEN_CACHE` names, or of `target` here.
    fn folder(self) -> PathBuf {
        let root = project::root();
        let cache = env::var_os("TUNGSTEN_CACHE").map_or_else(|| root.join("target"), |dir| root.join(dir));
        cache.join(match self {
            Self::Autobahn => "autobahn",
            Self::Interop => "interop",
        })
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
    eprintln!("{name}: fetching it into {}", cache.display());
    let temp = cache.join("fetching");
    // We hold the lock: what is there was left by a process that was killed.
    remove(&temp)?;
    fs::create_dir_all(&temp)?;
    let result = fetch(&temp).and_then(|()| fs::rename(&temp, &kept).context("cannot move it into the cache"));
    remove(&temp)?;
    result?;
    eprintln!("{name}: ready after {:.0} s", started.elapsed().as_secs_f32());
    Ok(kept)
}

/// A package with all that it needs, unpacked below the folder `name` of what interoperability is tested with.
///
/// # Errors
/// It could not be fetched.
pub(crate) fn open_packages(name: &str, wanted: Wanted<'_>) -> Result<PathBuf> {
    let kept = open(Shelf::Interop, name, |temp| {
        let work = temp.join("work");
        apt::fetch(wanted, &work)?;
        fs::rename(work.join("sysroot"), temp.join("sysroot"))?;
        remove(&work)
    })?;
    Ok(kept.join("sysroot"))
}

/// A package of this system's own suite that it has not installed: where it is unpacked with all that is missing for it,
/// and the folders of its libraries.
///
/// # Errors
/// It could not be fetched.
pub(crate) fn open_system_package(package: &str) -> Result<(PathBuf, Vec<PathBuf>)> {
    let suite = suite(&fs::read_to_string("/etc/os-release").context("it is not known which system this is")?)?;
    let wanted = Wanted { package, suites: &[&suite], counts_installed: true };
    let sysroot = open_packages(&format!("{package}-{suite}"), wanted)?;
    let folders = ["lib", "usr/lib"].into_iter().filter_map(|dir| fs::read_dir(sysroot.join(dir)).ok());
    let libraries = folders.flatten().flatten().map(|entry| entry.path());
    let libraries = libraries.filter(|dir| dir.to_string_lossy().ends_with("-linux-gnu"));
    // What needs it finds it by itself where it is installed.
    let libraries = libraries.flat_map(|dir| [dir.join("pulseaudio"), dir]).collect();
    Ok((sysroot, libraries))
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
    fn suite_is_the_code_name_of_the_system() {
        assert_eq!(suite("ID=debian\nVERSION_CODENAME=bookworm\n").unwrap(), "bookworm");
        assert_eq!(suite("VERSION_CODENAME=\"trixie\"\n").unwrap(), "trixie");
        assert!(suite("ID=debian\n").is_err());
    }
}
