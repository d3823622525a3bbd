//! Tests of the GDScript runner: suites of `tests/runner_samples` that it must judge as their first comments say.
//!
//! * `# exit: CODE`: how the runner must end.
//! * `# expect: TEXT`: some line must contain it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Tally;
use super::engine::{self, Rig};
use super::tap::Report;
use crate::transcript::Transcript;

/// The longest sample waits for the deadline of its own test, which is short.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs every sample on its own; each is one test.
pub(super) fn all(rig: &Rig) -> Result<Tally> {
    let mut tally = Tally::default();
    for path in engine::scripts("runner_samples")? {
        tally += Tally::of(run(rig, &path)?);
    }
    Ok(tally)
}

fn run(rig: &Rig, path: &Path) -> Result<bool> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut command = rig.command()?;
    command.args(["--script", "res://tests/runner.gd", "--", "--suites=res://tests/runner_samples"]);
    command.arg(format!("--filter={name}"));
    let transcript = Transcript::record(&mut command, LIMIT, false);
    let complaints = complaints(&text, &transcript);
    let word = if complaints.is_empty() { "ok" } else { "FAILED" };
    println!("{}", transcript.told(format!("runner sample {name} ... {word}"), &complaints));
    Ok(complaints.is_empty())
}

fn complaints(text: &str, transcript: &Transcript) -> Vec<String> {
    let report = Report::read(transcript.out());
    let mut complaints = report.complaints(None);
    let exit = engine::headers(text, "exit").first().and_then(|code| code.parse().ok());
    if exit.is_none() || transcript.code() != exit {
        complaints.push(format!("the runner ended with {:?} instead of {exit:?}", transcript.code()));
    }
    for wanted in engine::headers(text, "expect") {
        if !transcript.out().any(|line| line.contains(wanted)) {
            complaints.push(format!("the runner did not print {wanted:?}"));
        }
    }
    complaints
}
