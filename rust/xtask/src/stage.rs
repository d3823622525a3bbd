//! A copy of a Godot project to run: tests and demo leave nothing in the one that is being edited, and the release
//! library can be run in an editor build of the engine, which would load the debug one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::{gdextension, project};

/// How many there were.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A project with the addon in it. Removed when dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    dir: PathBuf,
    library: PathBuf,
}

impl Stage {
    /// Builds the extension, and copies `source` with the addon as the engine shall load it.
    pub(crate) fn new(source: &Path, profile: Profile) -> Result<Self> {
        Self::with(source, profile, &build::extension(profile)?)
    }

    /// The same with a library that was built before.
    pub(crate) fn with(source: &Path, profile: Profile, library: &Path) -> Result<Self> {
        let stages = project::target().join("godot-stage");
        prune(&stages);
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (pid, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = stages.join(format!("{pid}-{number}-{name}-{}", profile.tag()));
        let mut stage = Self { dir, library: PathBuf::new() };
        let project = stage.project();
        copy_dir(source, &project)?;
        copy_dir(&project::addon(), &project.join("addons/tungsten"))?;
        stage.library = stage.add_library(library, profile)?;
        let list = project.join(".godot/extension_list.cfg");
        if !list.exists() {
            fs::create_dir_all(project.join(".godot"))?;
            fs::write(list, "res://addons/tungsten/tungsten.gdextension\n")?;
        }
        Ok(stage)
    }

    /// The folder for `--path`.
    pub(crate) fn project(&self) -> PathBuf {
        self.dir.join("project")
    }

    /// The library of the extension, in the addon.
    pub(crate) fn library(&self) -> &Path {
        &self.library
    }

    /// A file next to the project.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// New and empty folders for what the engine keeps outside of a project, by the variables that name them.
    pub(crate) fn new_homes(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        self.new_homes_of("home")
    }

    /// The same for one of several engines that run at a time. Each needs a name of its own.
    pub(crate) fn new_homes_of(&self, name: &str) -> Result<Vec<(&'static str, PathBuf)>> {
        let home = self.dir.join(name);
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        let dirs = [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")];
        dirs.into_iter()
            .map(|(name, dir)| {
                let dir = home.join(dir);
                fs::create_dir_all(&dir)?;
                Ok((name, dir))
            })
            .collect()
    }

    /// Makes both entries of this machine load `library`, whichever kind of engine runs the stage. Returns where it is.
    fn add_library(&self, library: &Path, profile: Profile) -> Result<PathBuf> {
        let text = gdextension::text()?;
        let entries = gdextension::entries(&text);
        let wanted = &gdextension::for_this_machine(&entries, profile)?.path;
        let mut staged = text.clone();
        for other in [Profile::Debug, Profile::Release] {
            staged = staged.replace(&gdextension::for_this_machine(&entries, other)?.path, wanted);
        }
        let addon = self.project().join("addons/tungsten");
        fs::write(addon.join("tungsten.gdextension"), staged)?;
        let target = addon.join(wanted);
        fs::create_dir_all(target.parent().context("a library has a folder")?)?;
        // A link costs nothing, where the file system has them.
        fs::hard_link(library, &target).or_else(|_| fs::copy(library, &target).map(drop))?;
        Ok(target)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What stays is removed by the next run.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Removes the stages of processes that were killed.
fn prune(stages: &Path) {
    for entry in fs::read_dir(stages).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let alive = name.split('-').next().is_some_and(|pid| Path::new("/proc").join(pid).exists());
        if Path::new("/proc/self").exists() && !alive {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Copies a project or an addon without what is made by the engine or by a build.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "addons" || name == "bin" {
            continue;
        }
        if name == ".godot" {
            copy_lists(&source, &target)?;
        } else if source.is_dir() {
            copy_dir(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}

/// Copies the two lists of a `.godot` folder that are not caches.
fn copy_lists(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for name in ["extension_list.cfg", "global_script_class_cache.cfg"] {
        if from.join(name).is_file() {
            fs::copy(from.join(name), to.join(name))?;
        }
    }
    Ok(())
}
