//! `cargo xtask bench`: measure our classes beside the engine's and say which targets are met.
//!
//! Absolute figures tell more about a machine and its other programs than about us. So everything is measured in turns,
//! round by round, in the same process where that is possible, and what counts is the median of the ratios of the
//! rounds.

mod case;
mod chart;
mod figure;
mod rig;
mod table;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::project;
use case::{CASES, Case};
use figure::Figure;
use rig::{Pace, Rig};

/// Open files that a run may need: both ends of thousands of connections are in one process.
#[cfg(unix)]
const DESCRIPTORS: u64 = 65_536;

/// Slow enough to be quiet, quick enough to be waited for.
const LONG: Pace = Pace { rounds: 5, slice: Duration::from_millis(250) };

/// What one waits for in front of every merge.
const SHORT: Pace = Pace { rounds: 5, slice: Duration::from_millis(50) };

/// The part of what was measured before that `--short` insists on: it is to notice what is broken, on a machine that is
/// busy.
const SHORT_PART: f64 = 0.6;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Run these only; all without any. A name stands for all that begin with it, so `echo` is all echoes.
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// How often each case is measured.
    #[arg(long)]
    rounds: Option<u32>,
    /// Take seconds instead of minutes; fail if a ratio is under 60 % of the one that was measured before, twice.
    #[arg(long)]
    short: bool,
    /// Where to write the figures; `target/bench/results.json` if not given.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the ratios into `docs/images/performance.svg`.
    #[arg(long)]
    chart: bool,
}

/// Measures, prints a table and writes the figures.
///
/// # Errors
/// A case could not be run; with `--short` also if a ratio is under 60 % of the one that was measured before, twice.
pub(crate) fn run(flags: Flags) -> Result<()> {
    raise_descriptor_limit();
    let cases = wanted(&flags)?;
    let pace = if flags.short { SHORT } else { LONG };
    let pace = Pace { rounds: flags.rounds.unwrap_or(pace.rounds).max(1), ..pace };
    let rig = Rig::new()?;
    println!("Godot {}, release build, {} rounds", rig.version(), pace.rounds);
    let mut samples = rig.measure(&cases, pace)?;
    let mut figures = figure::all(&cases, &samples);
    if flags.short && !failing(&figures).is_empty() {
        println!("once more: {}", failing(&figures).join(", "));
        let again: Vec<_> = cases.iter().copied().filter(|case| has_failed(case, &figures)).collect();
        samples.retain(|sample| !again.iter().any(|case| case.has_row(&sample.row)));
        samples.extend(rig.measure(&again, pace)?);
        figures = figure::all(&cases, &samples);
    }
    print!("{}", table::text(&figures));
    write(&flags, &rig, pace, &figures)?;
    if flags.short && !failing(&figures).is_empty() {
        bail!("under 60 % of what was measured before: {}", failing(&figures).join(", "));
    }
    Ok(())
}

/// The cases that were asked for.
fn wanted(flags: &Flags) -> Result<Vec<&'static Case>> {
    let asked = |case: &Case| match flags.cases.is_empty() {
        true => !flags.short || case.is_short,
        false => flags.cases.iter().any(|name| case.name.starts_with(name.as_str())),
    };
    let cases: Vec<_> = CASES.iter().filter(|case| asked(case)).collect();
    if cases.is_empty() {
        let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        bail!("no such case; there are {}", names.join(", "));
    }
    Ok(cases)
}

/// The rows that are too far from what was measured before.
fn failing(figures: &[Figure]) -> Vec<&'static str> {
    figures.iter().filter(|figure| figure.misses(SHORT_PART)).map(|figure| figure.row.name).collect()
}

fn has_failed(case: &Case, figures: &[Figure]) -> bool {
    failing(figures).into_iter().any(|name| case.has_row(name))
}

fn write(flags: &Flags, rig: &Rig, pace: Pace, figures: &[Figure]) -> Result<()> {
    let path = flags.json.clone().unwrap_or_else(|| project::target().join("bench/results.json"));
    fs::create_dir_all(path.parent().context("a file has a folder")?)?;
    let json = figure::json(figures, rig.version(), pace.rounds);
    fs::write(&path, format!("{json:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    println!("written: {}", path.display());
    if flags.chart {
        let path = project::root().join("docs/images/performance.svg");
        fs::write(&path, chart::svg(figures)).with_context(|| format!("cannot write {}", path.display()))?;
        println!("drawn: {}", path.display());
    }
    Ok(())
}

/// The engines that are started inherit the limit.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(DESCRIPTORS) {
        eprintln!("the limit of open files stays as it is: {error}");
    }
}
