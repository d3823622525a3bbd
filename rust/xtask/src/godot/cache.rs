//! Our own copy of Godot: distribution packages unpacked into one folder, and nothing installed.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{Godot, apt};
use crate::project;

/// How long a fetch by another xtask is waited for.
const LOCK_LIMIT: Duration = Duration::from_secs(900);

/// The copy in the cache; fetched first if there is none. At most one process fetches at a time.
///
/// # Errors
/// Nothing could be fetched: the cache is then as it was before, and the text says what to do instead.
pub(super) fn open_or_fetch() -> Result<Godot> {
    let cache = folder();
    if !sysroot(&cache).is_dir() {
        fetch(&cache).context(
            "there is no Godot 4 on this machine and none could be fetched.\n\
             Install Godot 4.2 or later as `godot4` or `godot` on the PATH,\n\
             or set GODOT4_BIN to the path of its program",
        )?;
    }
    open(&cache).with_context(|| {
        format!("the Godot in {} does not run; delete that folder to have it fetched again", cache.display())
    })
}

/// The folder of the cache: the variable `TUNGSTEN_CACHE`, or `target/godot` here.
fn folder() -> PathBuf {
    let default = || project::root().join("target/godot");
    env::var_os("TUNGSTEN_CACHE").map_or_else(default, |dir| project::root().join(dir))
}

/// Where the packages are unpacked. Invariant: it is there only when complete.
fn sysroot(cache: &Path) -> PathBuf {
    cache.join("sysroot")
}

/// The engine of the sysroot.
fn open(cache: &Path) -> Result<Godot> {
    let (program, leading_args) = program(&sysroot(cache), "godot")?;
    let home = cache.join("home");
    let mut dirs = Vec::new();
    for (name, dir) in [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")] {
        let dir = home.join(dir);
        fs::create_dir_all(&dir)?;
        dirs.push((name, dir));
    }
    Godot { program, leading_args, env: dirs, version: String::new() }.checked()
}

/// A program of a sysroot, started by the sysroot's own loader: the libraries of this machine may be too old for it. The
/// second part is what the loader needs to know first.
///
/// # Errors
/// The sysroot has no loader.
pub(crate) fn program(sysroot: &Path, name: &str) -> Result<(PathBuf, Vec<OsString>)> {
    let usr = sysroot.join("usr");
    let lib = find_dir(&usr.join("lib"), "-linux-gnu")?;
    let loader = find_file(&lib, "ld-linux-")?;
    let mut path = lib.clone().into_os_string();
    path.push(":");
    path.push(lib.join("pulseaudio"));
    Ok((loader, vec!["--library-path".into(), path, usr.join("bin").join(name).into()]))
}

fn fetch(cache: &Path) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let _lock = lock(cache, "godot")?;
    if sysroot(cache).is_dir() {
        return Ok(());
    }
    let started = Instant::now();
    let temp = cache.join("fetching");
    // We hold the lock: what is there was left by a process that was killed.
    remove(&temp)?;
    let result = apt::fetch(apt::GODOT, &temp).and_then(|()| {
        fs::rename(temp.join("sysroot"), sysroot(cache)).context("cannot move the unpacked packages into the cache")
    });
    remove(&temp)?;
    if result.is_ok() {
        eprintln!("godot: ready in {} after {:.0} s", cache.display(), started.elapsed().as_secs_f32());
    }
    result
}

/// Holds a cache for `what` until dropped.
pub(crate) fn lock(cache: &Path, what: &str) -> Result<File> {
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

fn find_dir(parent: &Path, suffix: &str) -> Result<PathBuf> {
    find(parent, |name| name.ends_with(suffix))
}

fn find_file(parent: &Path, prefix: &str) -> Result<PathBuf> {
    find(parent, |name| name.starts_with(prefix))
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
