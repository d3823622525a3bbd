//! `cargo xtask build`: build the extension and put the library where Godot looks for it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{artifact, gdextension, project, stage};

/// The largest library, in bytes: games ship it, debug exports the one of debug builds.
const LARGEST: u64 = 25_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Build what players get: optimised, and loaded by exported games.
    #[arg(long)]
    release: bool,
}

/// How the extension is compiled, and which entry of the `.gdextension` it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Builds the extension, puts the addon into the Godot project of this repository and says where the library is.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let library = extension(Profile::new(flags.release))?;
    // A copy, because a link is a file of text in an archive and on some systems.
    stage::copy_dir(&project::addon(), &project::addon_copy())?;
    let bin = project::addon_copy().join("bin").join(library.file_name().context("a library has a name")?);
    replace(&library, &bin).with_context(|| format!("cannot put the library at {}", bin.display()))?;
    println!("{}", library.display());
    Ok(())
}

/// Builds the extension, copies the library into the addon and returns its path there.
///
/// # Errors
/// It does not build, is larger than [`LARGEST`], or cannot be copied.
pub(crate) fn extension(profile: Profile) -> Result<PathBuf> {
    let built = artifact::library("tungsten-godot", None, profile)?;
    let size = fs::metadata(&built)?.len();
    ensure!(size <= LARGEST, "{} has {size} bytes; {LARGEST} are the most", built.display());
    let entries = gdextension::entries(&gdextension::text()?);
    let library = project::addon().join(&gdextension::for_this_machine(&entries, profile)?.path);
    replace(&built, &library).with_context(|| format!("cannot put the library at {}", library.display()))?;
    Ok(library)
}

/// Copies `from` to `to` in one step: an engine that has loaded the old file keeps it.
fn replace(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("it has no folder")?)?;
    let mut temp = to.to_owned().into_os_string();
    temp.push(format!(".{}.tmp", std::process::id()));
    let copied = fs::copy(from, &temp).and_then(|_| fs::rename(&temp, to));
    if copied.is_err() {
        // Gone already if it was the copying that failed.
        let _ = fs::remove_file(&temp);
    }
    Ok(copied?)
}

impl Profile {
    /// The profile that a flag `--release` asks for.
    pub(crate) fn new(release: bool) -> Self {
        if release { Self::Release } else { Self::Debug }
    }

    /// The engine's word for it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    /// What cargo needs to be told.
    pub(crate) fn cargo_flag(self) -> Option<&'static str> {
        (self == Self::Release).then_some("--release")
    }
}
