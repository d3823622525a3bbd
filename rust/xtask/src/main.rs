//! The chores of Tungsten, run as `cargo xtask VERB`. One file per verb; this one only dispatches.

mod artifact;
mod autobahn;
mod bench;
mod build;
mod cache;
mod demo;
mod gdextension;
mod godot;
mod parallel;
mod process;
mod project;
mod soak;
mod stage;
mod test;
mod testkit;
mod tidy;
mod transcript;

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of Tungsten")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the Autobahn test suite against client and server, of the core and in the engine.
    Autobahn(autobahn::Flags),
    /// Measure our classes beside the engine's, in one run of the engine, and say which targets are met.
    Bench(bench::Flags),
    /// Build the extension and put it where Godot looks for it.
    Build(build::Flags),
    /// Run a demo in Godot: a client of an echo server, with ws:// and with wss://, a chat, or a multiplayer game.
    Demo(demo::Flags),
    /// Find Godot 4, or fetch it, and run it with ARGS; without any, say where it is.
    Godot(godot::Flags),
    /// Let a multiplayer server and many clients that come, talk and go run for a while, and account for every packet.
    Soak(soak::Flags),
    /// Run all tests, the fastest first, up to the first layer that fails.
    Test(test::Flags),
    /// Check the conventions of the repository.
    Tidy,
}

fn main() -> ExitCode {
    match process::end_with_us().map_err(Error::from).and_then(|()| run(Cli::parse().verb)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a backtrace, even if one is asked for of the programs we start.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Autobahn(flags) => autobahn::run(flags),
        Verb::Bench(flags) => bench::run(flags),
        Verb::Build(flags) => build::run(flags),
        Verb::Demo(flags) => demo::run(flags),
        Verb::Godot(flags) => godot::run(flags),
        Verb::Soak(flags) => soak::run(flags),
        Verb::Test(flags) => test::run(flags),
        Verb::Tidy => tidy::run(),
    }
}
