//! `cargo xtask test`: every check there is, the fastest first, up to the first layer that fails.

mod cargo;
mod engine;
mod interop;
mod multiplayer;
mod participant;
mod sample;
mod scene;
mod suite;
mod tally;
mod tap;

use std::env;
use std::time::Instant;

use anyhow::{Result, ensure};

pub(crate) use tally::Tally;

use crate::build::Profile;
use crate::{soak, tidy};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Run this layer only.
    #[arg(value_parser = LAYERS.map(|layer| layer.name))]
    layer: Option<String>,
    /// Test optimised builds only.
    #[arg(long)]
    release: bool,
    /// Run only tests with this text in their name. Refused where the variable CI is set.
    #[arg(long)]
    filter: Option<String>,
}

/// What the layers need to know.
#[derive(Debug)]
struct Options {
    profile: Profile,
    filter: Option<String>,
}

/// A kind of tests.
struct Layer {
    name: &'static str,
    run: fn(&Options) -> Result<Tally>,
}

/// All layers, in the order in which they run.
const LAYERS: [Layer; 9] = [
    Layer { name: "tidy", run: |_| tidy::check() },
    Layer { name: "unit", run: cargo::unit },
    Layer { name: "api", run: cargo::api },
    Layer { name: "testkit", run: cargo::testkit },
    Layer { name: "fuzz", run: cargo::fuzz },
    Layer { name: "godot", run: engine::layer },
    Layer { name: "multiplayer", run: multiplayer::layer },
    Layer { name: "soak", run: soak },
    Layer { name: "interop", run: interop::layer },
];

/// One test.
fn soak(options: &Options) -> Result<Tally> {
    if options.filter.as_ref().is_some_and(|filter| !"soak".contains(filter.as_str())) {
        return Ok(Tally::default());
    }
    soak::check(options.profile)?;
    Ok(Tally::of(true))
}

/// Runs the layers; the last line printed is `N passed, N failed`.
///
/// # Errors
/// A test failed, or a layer could not be run.
pub(crate) fn run(flags: Flags) -> Result<()> {
    ensure!(
        flags.filter.is_none() || env::var_os("CI").is_none(),
        "--filter is refused where CI is set: all or nothing"
    );
    let options = Options { profile: Profile::new(flags.release), filter: flags.filter };
    let mut total = Tally::default();
    for layer in LAYERS.iter().filter(|layer| flags.layer.as_deref().is_none_or(|name| name == layer.name)) {
        println!("== {}", layer.name);
        let started = Instant::now();
        let tally = (layer.run)(&options).unwrap_or_else(|error| {
            println!("{error:#}");
            Tally::failure()
        });
        println!("== {}: {tally} ({:.1} s)", layer.name, started.elapsed().as_secs_f32());
        total += tally;
        if total.failed > 0 {
            break;
        }
    }
    println!("{total}");
    // Whoever is red has said why already.
    if total.failed > 0 { std::process::exit(1) } else { Ok(()) }
}
