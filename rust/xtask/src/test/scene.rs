//! The scenes: scripts of `tests/scenes`, each a run of the engine of its own, such as one that ends in the middle of
//! something. Comments at the top of a script say what is expected:
//!
//! * `# expect: TEXT`: some line must contain it; at least one such comment.
//! * `# unexpected: TEXT`: no line may contain it.
//! * `# error: TEXT`: an engine error or warning with exactly this text is part of the story.
//! * `# env: NAME=VALUE`: for the engine.
//! * `# project: DIR`: run it in the project `tests/projects/DIR`, where the addon and the scripts of `tests` are put.
//!   A script of comments only stands for the main scene of that project.
//! * `# editor: yes`: open that project in the editor.
//! * `# import: yes`: import that project in the editor, which then ends.
//! * `# fresh: yes`: the engine has never seen that project: there is no folder `.godot`.
//! * `# example: NAME`: put this example of `rust/godot` into `bin` of that project, and tell it in the variable
//!   `TUNGSTEN_LIBRARY` where the extension is.
//! * `# seen: EVENT`: each server of the testkit that the script names with a line `server: ID` must have recorded this
//!   event, given as JSON, when the engine has ended.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Tally;
use super::engine::{self, Rig};
use crate::build::Profile;
use crate::stage::Stage;
use crate::transcript::Transcript;
use crate::{artifact, parallel, project, testkit};

/// A scene ends by itself within seconds; an editor that makes its help on a busy machine takes a minute.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs every scene; each is one test.
pub(super) fn all(rig: &Rig, filter: Option<&str>) -> Result<Tally> {
    let mut scenes = engine::scripts("scenes")?;
    scenes.retain(|path| filter.is_none_or(|filter| name_of(path).contains(filter)));
    parallel::map(&scenes, |_, path| Ok(Tally::of(run(rig, path, &name_of(path))?))).into_iter().sum()
}

fn name_of(scene: &Path) -> String {
    scene.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn run(rig: &Rig, path: &Path, name: &str) -> Result<bool> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // Lives as long as the run.
    let own_stage: Stage;
    let mut command = match engine::headers(&text, "project").first() {
        Some(dir) => {
            own_stage = rig.stage(&project::godot_project().join("tests/projects").join(dir))?;
            add_scripts(&own_stage, path)?;
            let mut command = rig.command_in(&own_stage)?;
            for example in engine::headers(&text, "example") {
                add_example(&own_stage, example)?;
                command.env("TUNGSTEN_LIBRARY", own_stage.library());
            }
            if !engine::headers(&text, "fresh").is_empty() {
                fs::remove_dir_all(own_stage.project().join(".godot"))?;
            }
            for mode in ["editor", "import"] {
                command.args((!engine::headers(&text, mode).is_empty()).then(|| format!("--{mode}")));
            }
            if text.lines().any(|line| line.starts_with("extends")) {
                command.arg("--script").arg(format!("res://tests/scenes/{name}"));
            }
            command
        }
        None => {
            let mut command = rig.command_beside(name)?;
            command.arg("--script").arg(format!("res://tests/scenes/{name}"));
            command
        }
    };
    command.envs(engine::headers(&text, "env").into_iter().filter_map(|pair| pair.split_once('=')));
    let started = Instant::now();
    let transcript = Transcript::record(&mut command, LIMIT, false);
    let mut complaints = complaints(&text, &transcript);
    complaints.extend(unseen(rig, &text, &transcript)?);
    let word = if complaints.is_empty() { "ok" } else { "FAILED" };
    let headline = format!("scene {name} ... {word} ({:.1} s)", started.elapsed().as_secs_f32());
    println!("{}", transcript.told(headline, &complaints));
    Ok(complaints.is_empty())
}

/// Copies the scene, and what scenes are made of, to where they are in the main project.
fn add_scripts(stage: &Stage, scene: &Path) -> Result<()> {
    let tests = stage.project().join("tests");
    fs::create_dir_all(tests.join("scenes"))?;
    for script in engine::scripts("")? {
        fs::copy(&script, tests.join(script.file_name().unwrap_or_default()))?;
    }
    fs::copy(scene, tests.join("scenes").join(scene.file_name().unwrap_or_default()))?;
    Ok(())
}

fn add_example(stage: &Stage, name: &str) -> Result<()> {
    let built = artifact::library("tungsten-godot", Some(name), Profile::Debug)?;
    let bin = stage.project().join("bin");
    fs::create_dir_all(&bin)?;
    fs::copy(&built, bin.join(built.file_name().unwrap_or_default()))?;
    Ok(())
}

/// What the servers of the scene should have seen and have not.
fn unseen(rig: &Rig, text: &str, transcript: &Transcript) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let servers: Vec<u64> =
        transcript.out().filter_map(|line| line.strip_prefix("server: ")?.trim().parse().ok()).collect();
    for wanted in engine::headers(text, "seen") {
        let event: Value = serde_json::from_str(wanted).with_context(|| format!("{wanted} is not JSON"))?;
        let name = event.as_object().and_then(|fields| fields.keys().next()).map(String::as_str).or(event.as_str());
        let name = name.with_context(|| format!("{wanted} is not an event"))?;
        ensure!(!servers.is_empty(), "the script names no server that should have seen {wanted}");
        for id in &servers {
            match testkit::events_with(rig.testkit_port(), *id, name) {
                Ok(events) if events.contains(&event) => (),
                Ok(events) => complaints.push(format!("server {id} has not seen {wanted}: {}", Value::from(events))),
                Err(error) => complaints.push(format!("{error:#}")),
            }
        }
    }
    Ok(complaints)
}

fn complaints(text: &str, transcript: &Transcript) -> Vec<String> {
    let mut complaints = transcript.complaints(&engine::headers(text, "error"));
    let expected = engine::headers(text, "expect");
    if expected.is_empty() {
        complaints.push("the script does not say what it expects: `# expect: TEXT`".to_owned());
    }
    for wanted in expected {
        if !transcript.lines.iter().any(|(_, line)| line.contains(wanted)) {
            complaints.push(format!("it did not print {wanted:?}"));
        }
    }
    for unwanted in engine::headers(text, "unexpected") {
        if transcript.lines.iter().any(|(_, line)| line.contains(unwanted)) {
            complaints.push(format!("it printed {unwanted:?}"));
        }
    }
    complaints
}
