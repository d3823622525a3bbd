//! The GDScript suites: all of them in one run of the engine.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Tally;
use super::engine::{self, Rig};
use super::tap::Report;
use crate::transcript::Transcript;

/// A test that hangs is ended by the runner after 20 s; this is for a runner or an engine that hangs.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs the tests with one of these texts in their names, all of them without any. Green only if the engine ended with
/// code 0 in time, the runner got to its end, every such test on disk has a result, and no error, warning or leak was
/// printed that no test had announced.
pub(super) fn all(rig: &Rig, filters: &[&str]) -> Result<Tally> {
    let on_disk = count_on_disk(filters)?;
    if on_disk == 0 {
        // What was asked for may be another kind of tests.
        return Ok(Tally::default());
    }
    let mut command = rig.command()?;
    command.args(["--script", "res://tests/runner.gd", "--"]);
    command.args(filters.iter().map(|filter| format!("--filter={filter}")));
    let transcript = Transcript::record(&mut command, LIMIT, true);
    let report = Report::read(transcript.out());
    let mut complaints = report.complaints(Some(on_disk));
    complaints.extend(transcript.complaints(&report.expected));
    for complaint in &complaints {
        println!("suites: {complaint}");
    }
    let mut tally = report.tally;
    if !complaints.is_empty() && tally.failed == 0 {
        tally += Tally::failure();
    }
    Ok(tally)
}

/// How many such `func test_` there are in the suites.
fn count_on_disk(filters: &[&str]) -> Result<usize> {
    let mut count = 0;
    for path in engine::scripts("suites")? {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let methods = text.lines().filter_map(|line| line.strip_prefix("func ")?.split('(').next());
        let tests = methods.filter(|method| method.starts_with("test_")).map(|method| format!("{file}::{method}"));
        count += tests.filter(|test| filters.is_empty() || filters.iter().any(|filter| test.contains(filter))).count();
    }
    Ok(count)
}
