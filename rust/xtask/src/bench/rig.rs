//! The engines that measure.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::case::Case;
use super::figure::{ENGINE, OURS, Sample};
use crate::build::Profile;
use crate::godot::{self, Godot};
use crate::process::{self, Background, Event, Stream};
use crate::project;
use crate::stage::Stage;
use crate::transcript::Transcript;

/// All cases take some minutes; a busy machine gets more.
const LIMIT: Duration = Duration::from_secs(1800);

/// How long an engine may take to start, or to let a crowd in.
const PATIENCE: Duration = Duration::from_secs(120);

/// Memory does not depend on what else the machine does.
const MEMORY_ROUNDS: u32 = 2;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How often each case is measured.
    pub(super) rounds: u32,
    /// How long each measurement takes, where that can be chosen.
    pub(super) slice: Duration,
}

/// An engine with the project and the library that players get.
#[derive(Debug)]
pub(super) struct Rig {
    godot: Godot,
    stage: Stage,
    homes: Vec<(&'static str, PathBuf)>,
}

impl Rig {
    pub(super) fn new() -> Result<Self> {
        let stage = Stage::new(&project::godot_project(), Profile::Release)?;
        Ok(Self { godot: godot::find_or_fetch()?, homes: stage.new_homes()?, stage })
    }

    /// The engine's version.
    pub(super) fn version(&self) -> &str {
        self.godot.version()
    }

    /// Measures the cases: those that can be in one engine, then the others.
    ///
    /// # Errors
    /// An engine did not get to the end, or has reported an error.
    pub(super) fn measure(&self, cases: &[&'static Case], pace: Pace) -> Result<Vec<Sample>> {
        let (alone, together): (Vec<&Case>, Vec<&Case>) = cases.iter().copied().partition(|case| case.is_alone);
        let mut samples = Vec::new();
        if !together.is_empty() {
            samples = self.together(&together, pace)?;
        }
        for case in alone {
            for round in 0..pace.rounds.min(MEMORY_ROUNDS) {
                for subject in [ENGINE, OURS] {
                    let told = self.alone(case, subject)?;
                    samples.extend(told.into_iter().map(|sample| Sample { round: round.into(), ..sample }));
                }
            }
        }
        Ok(samples)
    }

    /// All subjects in one engine, in turns.
    fn together(&self, cases: &[&Case], pace: Pace) -> Result<Vec<Sample>> {
        let plans: Vec<Value> = cases.iter().map(|case| plan(case)).collect();
        let mut command = self.command(&order(plans, cases.iter().any(|case| case.tls), pace));
        let mut lines = Vec::new();
        let mut samples: Vec<Sample> = Vec::new();
        let end = process::watch(&mut command, &[Stream::Out, Stream::Err], LIMIT, |event| {
            let Event::Line(stream, line) = event else { return };
            match Sample::parse(&line) {
                Some(sample) => {
                    if samples.last().is_none_or(|last| last.row != sample.row || last.round != sample.round) {
                        eprintln!("{}, round {}", sample.row, sample.round + 1);
                    }
                    samples.push(sample);
                }
                None => lines.push((stream, line)),
            }
        });
        check(&Transcript::new(lines, end))?;
        Ok(samples)
    }

    /// One subject as a server in an engine of its own, and its clients in another one.
    fn alone(&self, case: &Case, subject: &str) -> Result<Vec<Sample>> {
        eprintln!("{}, {subject}", case.name);
        let pace = Pace { rounds: 1, slice: Duration::ZERO };
        let mut serving = plan(case);
        serving["subject"] = subject.into();
        let mut command = self.command(&order(vec![serving], case.tls, pace));
        let mut server = Background::start(&mut command)?;
        let port: u16 = server.wait_for("listening", PATIENCE)?.trim().parse().context("no port")?;
        let mut joining = plan(case);
        joining["script"] = "crowd_outside".into();
        joining["port"] = port.into();
        let mut command = self.command(&order(vec![joining], false, pace));
        let crowd = Background::start(&mut command)?;
        let transcript = Transcript::of(server, PATIENCE);
        crowd.kill();
        check(&transcript)?;
        Ok(transcript.out().filter_map(Sample::parse).collect())
    }

    fn command(&self, order: &Value) -> Command {
        let mut command = self.godot.command();
        command
            .envs(self.homes.iter().map(|(name, dir)| (name, dir)))
            .arg("--headless")
            .arg("--path")
            .arg(self.stage.project());
        command.args(["--script", "res://bench/main.gd", "--"]).arg(order.to_string());
        command
    }
}

/// What `main.gd` is told.
fn order(plans: Vec<Value>, tls: bool, pace: Pace) -> Value {
    let slice = u64::try_from(pace.slice.as_micros()).unwrap_or(u64::MAX);
    json!({ "cases": plans, "tls": tls, "rounds": pace.rounds, "slice_usec": slice })
}

/// What the script of a case is told.
fn plan(case: &Case) -> Value {
    let mut plan: Map<String, Value> =
        case.args.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    plan.insert("name".into(), case.name.into());
    plan.insert("script".into(), case.script.into());
    plan.insert("tls".into(), case.tls.into());
    plan.into()
}

/// A run is good if it got to its end without an error; what a script has skipped is said.
fn check(transcript: &Transcript) -> Result<()> {
    for line in transcript.out().filter(|line| line.starts_with("skip ")) {
        println!("{line}");
    }
    let complaints = transcript.complaints(&[]);
    if !complaints.is_empty() {
        transcript.print();
    }
    ensure!(complaints.is_empty(), "measuring failed:\n{}", complaints.join("\n"));
    ensure!(transcript.out().any(|line| line == "bench: done"), "the engine did not get to the end of the cases");
    Ok(())
}
