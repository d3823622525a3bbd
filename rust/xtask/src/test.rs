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

use anyhow::{Result, bail, ensure};

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
const LAYERS: [Layer; 8] = [
    Layer { name: "tidy", run: tidy },
    Layer { name: "unit", run: cargo::unit },
    Layer { name: "api", run: cargo::api },
    Layer { name: "fuzz", run: cargo::fuzz },
    Layer { name: "godot", run: engine::layer },
    Layer { name: "multiplayer", run: multiplayer::layer },
    Layer { name: "soak", run: soak },
    Layer { name: "interop", run: interop::layer },
];

/// The conventions, which are told apart by nobody: all or none.
fn tidy(options: &Options) -> Result<Tally> {
    if options.leaves_out("tidy") { Ok(Tally::default()) } else { tidy::check() }
}

/// One test.
fn soak(options: &Options) -> Result<Tally> {
    if options.leaves_out("soak") {
        return Ok(Tally::default());
    }
    soak::check(options.profile)?;
    Ok(Tally::of(true))
}

impl Options {
    /// Whether a test of this name is not to run.
    fn leaves_out(&self, name: &str) -> bool {
        self.filter.as_ref().is_some_and(|filter| !name.contains(filter))
    }
}

/// What is wrong with the number of tests that ran; who is red has said why already.
fn too_few(total: Tally, filter: Option<&str>) -> Option<String> {
    let text = filter.map(|filter| format!(" with {filter:?} in its name")).unwrap_or_default();
    (total == Tally::default()).then(|| format!("there is no test{text}"))
}

/// Runs the layers; the last line printed is `N passed, N failed`.
///
/// # Errors
/// A test failed, a layer could not be run, or no test has run at all.
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
    if let Some(complaint) = too_few(total, options.filter.as_deref()) {
        bail!(complaint);
    }
    // Whoever is red has said why already.
    if total.failed > 0 { std::process::exit(1) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_without_a_test_is_an_error() {
        assert_eq!(too_few(Tally::of(true), Some("close")), None);
        assert_eq!(too_few(Tally::failure(), None), None);
        assert_eq!(too_few(Tally::default(), Some("clsoe")).unwrap(), "there is no test with \"clsoe\" in its name");
        assert!(too_few(Tally::default(), None).is_some());
    }
}
