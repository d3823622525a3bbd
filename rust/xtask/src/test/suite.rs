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

/// What the runner prints if no test has the text of the filter in its name.
const NOTHING: &str = "# nothing to run";

/// Runs the suites. Green only if the engine ended with code 0 in time, the runner got to its end, every test on disk has
/// a result, and no error, warning or leak was printed that no test had announced.
pub(super) fn all(rig: &Rig, filter: Option<&str>) -> Result<Tally> {
    let mut command = rig.command()?;
    command.args(["--script", "res://tests/runner.gd", "--"]).args(filter.map(|filter| format!("--filter={filter}")));
    let transcript = Transcript::record(&mut command, LIMIT, true);
    if filter.is_some() && transcript.out().any(|line| line == NOTHING) {
        // It may be meant for another kind of tests.
        return Ok(Tally::default());
    }
    let report = Report::read(transcript.out());
    let on_disk = if filter.is_none() { Some(count_on_disk()?) } else { None };
    let mut complaints = report.complaints(on_disk);
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

/// How many `func test_` there are in the suites.
fn count_on_disk() -> Result<usize> {
    let mut count = 0;
    for path in engine::scripts("suites")? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("test_")) {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            count += text.lines().filter(|line| line.starts_with("func test_")).count();
        }
    }
    Ok(count)
}
