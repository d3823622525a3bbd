//! Offers the servers of the testkit to other processes.

mod control;
mod echo;
mod identity;

use std::io;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

/// Loopback WebSocket peers for the tests and the demo of Tungsten.
///
/// What runs servers ends when standard input reaches its end, so that it never outlives the process that started it.
#[derive(Parser)]
enum Command {
    /// Starts scripted servers on demand: prints `ready PORT`, then takes JSON lines on that port.
    Control,
    /// Runs one ws and one wss echo server: prints `ready JSON` with their addresses.
    Echo {
        /// Where to write the certificate to trust, as PEM.
        #[arg(long, value_name = "PATH")]
        ca_file: PathBuf,
    },
    /// Writes `authority.pem`, `certificate.pem` and `key.pem` for servers that are other programs, and ends.
    Identity {
        /// Where to write them.
        #[arg(long, value_name = "PATH")]
        dir: PathBuf,
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
        Command::Identity { dir } => return identity::write(&dir),
    };
    io::copy(&mut io::stdin().lock(), &mut io::sink()).context("wait for the end of standard input")?;
    Ok(())
}
