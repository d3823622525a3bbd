//! `cargo xtask soak`: a multiplayer server and many clients that come, talk and go, for as long as one likes. What is
//! checked is told in `godot-project/tests/soak/soak.gd`.

use std::time::Duration;

use anyhow::Result;

use crate::build::Profile;
use crate::stage::Stage;
use crate::transcript::Transcript;
use crate::{godot, project};

/// Long enough for a thousand clients.
const SECONDS: u32 = 20;

/// For the engine to start, for a first round, and for all to leave.
const MARGIN: Duration = Duration::from_secs(60);

/// What is printed last when all went well.
const SENTINEL: &str = "soak: ok";

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// How long.
    #[arg(long, default_value_t = SECONDS)]
    seconds: u32,
    /// Do what was done with this seed, which is printed; the network may still carry it at other times.
    #[arg(long)]
    seed: Option<u64>,
    /// Run what players get.
    #[arg(long)]
    release: bool,
}

/// Runs it.
///
/// # Errors
/// A packet was lost, doubled or changed, a signal was, a client got stuck, memory has grown, or the engine has
/// reported an error.
pub(crate) fn run(flags: Flags) -> Result<()> {
    soak(Profile::new(flags.release), flags.seconds, flags.seed)
}

/// As long as tests take.
///
/// # Errors
/// As [`run`].
pub(crate) fn check(profile: Profile) -> Result<()> {
    soak(profile, SECONDS, None)
}

fn soak(profile: Profile, seconds: u32, seed: Option<u64>) -> Result<()> {
    let godot = godot::find_or_fetch()?;
    let stage = Stage::new(&project::godot_project(), profile)?;
    let mut command = godot.command();
    command.envs(stage.new_homes()?).arg("--headless").arg("--path").arg(stage.project());
    command.args(["--script", "res://tests/soak/soak.gd", "--"]).arg(format!("--seconds={seconds}"));
    command.args(seed.map(|seed| format!("--seed={seed}")));
    let limit = Duration::from_secs(seconds.into()) + MARGIN;
    Transcript::record(&mut command, limit, true).check("the soak failed", SENTINEL)
}
