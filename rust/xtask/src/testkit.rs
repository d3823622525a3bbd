//! The loopback peers of `tungsten-testkit`, as a child process that ends with us.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::build::Profile;
use crate::{artifact, process};

/// Making a certificate and a socket takes no time; a busy machine gets more.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How long a server may take to see what a process did that has ended.
const EVENT_LIMIT: Duration = Duration::from_secs(5);

/// How long it may take to end after its standard input was closed.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A running testkit. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Testkit {
    child: Child,
}

impl Testkit {
    /// Builds and starts the testkit, and returns it with the first line that it printed.
    pub(crate) fn start(args: &[&str]) -> Result<(Self, String)> {
        let program = artifact::program("tungsten-testkit", Profile::Debug)?;
        let mut command = Command::new(program);
        let child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut testkit = Self { child: child.context("cannot start tungsten-testkit")? };
        let out = testkit.child.stdout.take().context("it has a standard output")?;
        let (tx, rx) = channel();
        thread::spawn(move || {
            // Read to the end, so that it can never block on a full pipe.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = tx.send(line);
            }
        });
        let line = rx.recv_timeout(START_LIMIT).context("tungsten-testkit did not say that it is ready")?;
        Ok((testkit, line))
    }

    /// Starts the testkit for the GDScript tests, and returns it with the port it is told about servers on.
    pub(crate) fn control() -> Result<(Self, u16)> {
        let (testkit, line) = Self::start(&["control"])?;
        let port = line.strip_prefix("ready ").and_then(|port| port.trim().parse().ok());
        Ok((testkit, port.with_context(|| format!("tungsten-testkit said {line:?} instead of its port"))?))
    }
}

/// What the server `id` has recorded, once there is an event of this name. `port` is that of [`Testkit::control`].
///
/// # Errors
/// There is no such server, or no such event in time; the text has what was recorded.
pub(crate) fn events_with(port: u16, id: u64, name: &str) -> Result<Vec<Value>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot reach tungsten-testkit")?;
    stream.set_read_timeout(Some(EVENT_LIMIT + START_LIMIT))?;
    let wait_for = json!({ "id": id, "event": name, "timeout": EVENT_LIMIT.as_secs_f64() });
    writeln!(stream, "{}", json!({ "wait_for": wait_for }))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("tungsten-testkit does not answer")?;
    let mut answer: Value = serde_json::from_str(&line).context("tungsten-testkit does not answer in JSON")?;
    ensure!(answer["error"].is_null(), "the testkit's server {id}: {}", answer["error"]);
    let events = answer["events"].as_array_mut().map(std::mem::take).unwrap_or_default();
    Ok(events.into_iter().map(|mut recorded| recorded["event"].take()).collect())
}

impl Drop for Testkit {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                eprintln!("tungsten-testkit did not end by itself and is killed");
                process::kill_tree(&mut self.child);
                return;
            }
            thread::park_timeout(Duration::from_millis(5));
        }
    }
}
