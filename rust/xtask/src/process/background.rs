//! Children that run while something else is done.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::{Event, Stream, TICK, drain, kill_tree, read_lines};

/// A child whose output is kept. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Background {
    child: Child,
    name: String,
    lines: Receiver<(Stream, String)>,
    seen: Vec<(Stream, String)>,
}

impl Background {
    /// Starts `command`, whose standard input stays as the caller has set it.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {name}"))?;
        let lines = read_lines(&mut child);
        Ok(Self { child, name, lines, seen: Vec::new() })
    }

    /// Waits for a line `prefix REST` on its standard output and returns the rest.
    ///
    /// # Errors
    /// It ended without that line, or has not printed it within `limit`.
    pub(crate) fn wait_for(&mut self, prefix: &str, limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((stream, line)) => {
                    let rest = line.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(' ')).map(str::to_owned);
                    self.seen.push((stream, line));
                    if let Some(rest) = rest.filter(|_| stream == Stream::Out) {
                        return Ok(rest);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{} did not print {prefix:?} within {} s", self.name, limit.as_secs())
                }
                Err(RecvTimeoutError::Disconnected) => bail!("{} ended without printing {prefix:?}", self.name),
            }
        }
    }

    /// Waits for its end, and returns all that it has printed.
    ///
    /// # Errors
    /// The second part: it was still running after `limit`, then it and its descendants were killed.
    pub(crate) fn end(mut self, limit: Duration) -> (Vec<(Stream, String)>, Result<ExitStatus>) {
        let deadline = Instant::now() + limit;
        let end = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if Instant::now() < deadline => thread::park_timeout(TICK / 10),
                Ok(None) => {
                    self.kill_now();
                    let limit = limit.as_secs();
                    break Err(anyhow!("{} did not end within {limit} s and was killed", self.name));
                }
                Err(error) => break Err(error.into()),
            }
        };
        let mut seen = std::mem::take(&mut self.seen);
        drain(&self.lines, &mut |event| {
            if let Event::Line(stream, line) = event {
                seen.push((stream, line));
            }
        });
        (seen, end)
    }

    /// Asks it to end, with a signal where the system has them, and then does what [`Background::end`] does.
    pub(crate) fn terminate(self, limit: Duration) -> (Vec<(Stream, String)>, Result<ExitStatus>) {
        self.signal("-TERM");
        self.end(limit)
    }

    /// Kills it and its descendants, and returns all that it has printed.
    pub(crate) fn kill(mut self) -> Vec<(Stream, String)> {
        self.kill_now();
        self.end(Duration::ZERO).0
    }

    fn kill_now(&mut self) {
        // One that stands still does not replace its children when they are killed.
        self.signal("-STOP");
        kill_tree(&mut self.child);
    }

    fn signal(&self, name: &str) {
        // Fails if it has just ended by itself, which is as good.
        let _ = Command::new("kill").args([name, &self.child.id().to_string()]).stderr(Stdio::null()).status();
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill_now();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Background {
        let mut command = Command::new("sh");
        Background::start(command.args(["-c", script]).stdin(Stdio::null())).unwrap()
    }

    #[test]
    fn line_that_is_waited_for_is_returned_and_kept() {
        let mut child = sh("echo hello; echo ready 17; echo after");
        assert_eq!(child.wait_for("ready", PATIENCE).unwrap(), "17");
        let (lines, end) = child.end(PATIENCE);
        assert_eq!(lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), ["hello", "ready 17", "after"]);
        assert!(end.unwrap().success());
    }

    #[test]
    fn child_that_ends_without_the_line_is_an_error() {
        let error = sh("echo ready 17 >&2").wait_for("ready", PATIENCE).unwrap_err();
        assert!(error.to_string().contains("ended without"), "{error}");
    }

    #[test]
    fn child_that_is_asked_to_end_may_have_a_last_word() {
        let mut child = sh("trap 'echo bye; exit 0' TERM; echo ready now; while :; do sleep 0.01; done");
        child.wait_for("ready", PATIENCE).unwrap();
        let (lines, end) = child.terminate(PATIENCE);
        assert_eq!(lines.last().unwrap().1, "bye");
        assert!(end.unwrap().success());
    }

    #[test]
    fn child_that_does_not_end_is_killed() {
        let mut child = sh("echo ready now; exec sleep 600");
        child.wait_for("ready", PATIENCE).unwrap();
        assert!(child.end(Duration::ZERO).1.is_err());
    }
}
