//! Offers the servers of the testkit to other processes.

mod control;
mod echo;

use std::io;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

/// Loopback WebSocket peers for the tests and the demo of Tungsten.
///
/// Ends when standard input reaches its end, so that it never outlives the process that started it.
#[derive(Parser)]
enum Command {
    /// Starts scripted servers on demand: prints `ready PORT`, then takes JSON lines on that port.
    Control,
    /// Runs one ws and one wss echo server and prints their addresses as one JSON line.
    Echo {
        /// Where to write the certificate to trust, as PEM.
        #[arg(long, value_name = "PATH")]
        ca_file: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    // Kept until the end: dropping the servers would stop them.
    let _echo = match Command::parse() {
        Command::Control => {
            control::start()?;
            None
        }
        Command::Echo { ca_file } => Some(echo::start(&ca_file)?),
    };
    io::copy(&mut io::stdin().lock(), &mut io::sink()).context("wait for the end of standard input")?;
    Ok(())
}
