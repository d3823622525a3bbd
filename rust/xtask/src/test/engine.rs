//! The layer that runs inside of Godot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Options, Tally, sample, scene, suite};
use crate::build::Profile;
use crate::godot::{self, Godot};
use crate::project;
use crate::stage::Stage;
use crate::testkit::Testkit;

/// What a test inside of the engine is run with.
#[derive(Debug)]
pub(super) struct Rig {
    godot: Godot,
    stage: Stage,
    profile: Profile,
    testkit_port: u16,
    // Ends with the rig.
    _testkit: Testkit,
}

/// First the runner itself, by suites that it must not let pass; then suites and scenes on the debug build, then on the
/// release build.
pub(super) fn layer(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let profiles: &[Profile] = match options.profile {
        Profile::Debug => &[Profile::Debug, Profile::Release],
        Profile::Release => &[Profile::Release],
    };
    for (idx, profile) in profiles.iter().enumerate() {
        let rig = Rig::new(*profile)?;
        println!("-- Godot {}, {} build", rig.godot.version(), profile.tag());
        if idx == 0 && options.filter.is_none() {
            tally += sample::all(&rig)?;
        }
        tally += suite::all(&rig, options.filter.as_deref())?;
        tally += scene::all(&rig, options.filter.as_deref())?;
        if tally.failed > 0 {
            break;
        }
    }
    Ok(tally)
}

impl Rig {
    /// Finds or fetches the engine, stages the project and starts the testkit.
    pub(super) fn new(profile: Profile) -> Result<Self> {
        let godot = godot::find_or_fetch()?;
        let stage = Stage::new(&project::godot_project(), profile)?;
        let (testkit, testkit_port) = Testkit::control()?;
        Ok(Self { godot, stage, profile, testkit_port, _testkit: testkit })
    }

    /// An engine without a window in the staged project, with folders of its own.
    pub(super) fn command(&self) -> Result<Command> {
        self.command_in(&self.stage)
    }

    /// An engine as [`Rig::command`], in another project.
    pub(super) fn command_in(&self, stage: &Stage) -> Result<Command> {
        let mut command = self.godot.command();
        command.envs(stage.new_homes()?).env("TUNGSTEN_TESTKIT_PORT", self.testkit_port.to_string());
        command.arg("--headless").arg("--path").arg(stage.project());
        Ok(command)
    }

    /// An engine as [`Rig::command`], which may run while others do. Each needs a name of its own.
    pub(super) fn command_beside(&self, name: &str) -> Result<Command> {
        let mut command = self.command()?;
        command.envs(self.stage.new_homes_of(&format!("home-of-{name}"))?);
        Ok(command)
    }

    /// Where the testkit is told about servers.
    pub(super) fn testkit_port(&self) -> u16 {
        self.testkit_port
    }

    /// A file next to the staged project, which goes with the rig.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.stage.file(name)
    }

    /// The engine's version.
    pub(super) fn version(&self) -> &str {
        self.godot.version()
    }

    /// A staged copy of another project, with the same library in its addon.
    pub(super) fn stage(&self, source: &Path) -> Result<Stage> {
        Stage::new(source, self.profile)
    }
}

/// The GDScript files in a folder of the tests, sorted.
pub(super) fn scripts(folder: &str) -> Result<Vec<PathBuf>> {
    let dir = project::godot_project().join("tests").join(folder);
    let Ok(entries) = fs::read_dir(&dir) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "gd") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The values of the lines `# NAME: VALUE` at the top of a script.
pub(super) fn headers<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    comments
        .filter_map(|line| line.trim_start_matches('#').trim().strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_from_the_comments_at_the_top_only() {
        let text = "# expect: one\n## Words.\n# env: A=b\n# expect: two: three\nextends SceneTree\n# expect: four\n";
        assert_eq!(headers(text, "expect"), ["one", "two: three"]);
        assert_eq!(headers(text, "env"), ["A=b"]);
    }
}
