//! The layer that runs inside of Godot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

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
    // Ends with the rig, which threads share, and it is not for that.
    _testkit: Mutex<Testkit>,
}

/// Parts of the names of suites whose outcome may depend on how the library is compiled. Optimised builds do without
/// checks of calls and of borrowed objects, and of overflows, and do everything at another pace.
const BUILD_MATTERS: [&str; 9] = [
    "_console.gd::",
    "_crowd.gd::",
    "_deadlines.gd::",
    "_fairness.gd::",
    "_handlers.gd::",
    "_packets.gd::",
    "_parity.gd::",
    "_streams.gd::",
    "_threads.gd::",
];

/// First the runner itself, by suites that it must not let pass; then suites and scenes on the debug build; then those
/// suites for which [`BUILD_MATTERS`], and all scenes, on the release build.
pub(super) fn layer(options: &Options) -> Result<Tally> {
    let filter = options.filter.as_deref();
    let rig = Rig::new(options.profile)?;
    let mut tally = if filter.is_none() { sample::all(&rig)? } else { Tally::default() };
    tally += suites_and_scenes(&rig, &Vec::from_iter(filter), filter)?;
    if options.profile == Profile::Debug && tally.failed == 0 {
        let suites = filter.map_or(BUILD_MATTERS.to_vec(), |filter| vec![filter]);
        tally += suites_and_scenes(&Rig::new(Profile::Release)?, &suites, filter)?;
    }
    Ok(tally)
}

/// Those with one of the texts in their names, all of them without any.
fn suites_and_scenes(rig: &Rig, suites: &[&str], scenes: Option<&str>) -> Result<Tally> {
    println!("-- Godot {}, {} build", rig.godot.version(), rig.profile.tag());
    let mut tally = suite::all(rig, suites)?;
    tally += scene::all(rig, scenes)?;
    Ok(tally)
}

impl Rig {
    /// Finds or fetches the engine, stages the project and starts the testkit.
    pub(super) fn new(profile: Profile) -> Result<Self> {
        let godot = godot::find_or_fetch()?;
        let stage = Stage::new(&project::godot_project(), profile)?;
        let (testkit, testkit_port) = Testkit::control()?;
        Ok(Self { godot, stage, profile, testkit_port, _testkit: Mutex::new(testkit) })
    }

    /// An engine without a window in the staged project, with folders of its own.
    pub(super) fn command(&self) -> Result<Command> {
        self.command_of(&self.stage, "home")
    }

    /// An engine as [`Rig::command`], in another project.
    pub(super) fn command_in(&self, stage: &Stage) -> Result<Command> {
        self.command_of(stage, "home")
    }

    /// An engine as [`Rig::command`], which may run while others do. Each needs a name of its own.
    pub(super) fn command_beside(&self, name: &str) -> Result<Command> {
        self.command_of(&self.stage, &format!("home-of-{name}"))
    }

    fn command_of(&self, stage: &Stage, home: &str) -> Result<Command> {
        let mut command = self.godot.command();
        command.envs(stage.new_homes_of(home)?).env("TUNGSTEN_TESTKIT_PORT", self.testkit_port.to_string());
        command.arg("--headless").arg("--path").arg(stage.project());
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
        Stage::with(source, self.profile, self.stage.library())
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
    fn every_name_of_a_suite_fits_one() {
        let suites = scripts("suites").unwrap();
        for part in BUILD_MATTERS {
            let file = part.trim_end_matches("::");
            assert!(suites.iter().any(|path| path.to_string_lossy().ends_with(file)), "{part}");
        }
    }

    #[test]
    fn headers_are_read_from_the_comments_at_the_top_only() {
        let text = "# expect: one\n## Words.\n# env: A=b\n# expect: two: three\nextends SceneTree\n# expect: four\n";
        assert_eq!(headers(text, "expect"), ["one", "two: three"]);
        assert_eq!(headers(text, "env"), ["A=b"]);
    }
}
