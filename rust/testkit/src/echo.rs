//! The echo servers of the demo.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use tungsten_testkit::{LeafKind, Options, Server, Step, TestAuthority};

/// A demo may stay open over lunch; tests have shorter timeouts.
const IDLE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Starts both servers, writes the certificate to trust and prints `ready` with JSON about all three.
pub(crate) fn start(ca_file: &Path) -> anyhow::Result<[Server; 2]> {
    let plain = start_one(vec![Step::Upgrade, Step::Echo])?;
    let secure = start_one(vec![Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo])?;
    fs::write(ca_file, TestAuthority::shared().ca_pem()).with_context(|| format!("write {}", ca_file.display()))?;
    let line = json!({ "ws": plain.url(), "wss": secure.url(), "ca": ca_file });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "ready {line}").and_then(|()| stdout.flush()).context("print the addresses")?;
    Ok([plain, secure])
}

fn start_one(script: Vec<Step>) -> anyhow::Result<Server> {
    let options = Options { timeout: IDLE_TIMEOUT, recording: false, ..Options::new(script) };
    Server::start_with(options).context("start an echo server")
}
