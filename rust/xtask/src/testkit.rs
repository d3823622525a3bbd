//! The loopback peers of `tungsten-testkit`, as a child process that ends with us.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::artifact;
use crate::build::Profile;
use crate::process::{Background, END_LIMIT, START_LIMIT, Stream};

/// How long a server may take to see what a process did that has ended.
const EVENT_LIMIT: Duration = Duration::from_secs(5);

/// A running testkit. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Testkit {
    process: Background,
}

impl Testkit {
    /// Builds and starts the testkit, and returns it with what it has said of where it is ready.
    pub(crate) fn start(args: &[&str]) -> Result<(Self, String)> {
        let mut command = Command::new(artifact::program("tungsten-testkit", None, Profile::Debug)?);
        let mut process = Background::spawn(command.args(args).stdin(Stdio::piped()), &[Stream::Out])?;
        let place = process.wait_for("ready", START_LIMIT)?;
        Ok((Self { process }, place))
    }

    /// Starts the testkit for the GDScript tests, and returns it with the port it is told about servers on.
    pub(crate) fn control() -> Result<(Self, u16)> {
        let (testkit, port) = Self::start(&["control"])?;
        Ok((testkit, port.parse().with_context(|| format!("tungsten-testkit is ready at {port:?}"))?))
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
        // It ends with its standard input.
        if let Err(error) = self.process.follow(END_LIMIT, |_| ()) {
            eprintln!("{error:#}");
        }
    }
}
