//! `cargo xtask build`: build the extension and put the library where Godot looks for it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{artifact, gdextension, project};

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

/// Builds the extension and says where the library is.
pub(crate) fn run(flags: Flags) -> Result<()> {
    println!("{}", extension(Profile::new(flags.release))?.display());
    Ok(())
}

/// Builds the extension, copies the library into the addon and returns its path there.
pub(crate) fn extension(profile: Profile) -> Result<PathBuf> {
    let built = artifact::library("tungsten-godot", profile)?;
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
