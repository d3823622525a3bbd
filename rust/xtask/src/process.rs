//! Child processes with a deadline. Each leads a group, which ends with it; and it ends with the call that started it,
//! and with us.

use std::io::{self, BufRead, BufReader, Read};
#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Whether we were asked to end.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// How long a program may take to start, to say its version or that it is ready: it needs a second, on a busy machine
/// more.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(60);

/// How long one may take to end that has nothing left to do.
pub(crate) const END_LIMIT: Duration = Duration::from_secs(10);

/// How often a child that prints nothing is asked whether it has ended.
const TICK: Duration = Duration::from_millis(50);

/// How long the output of an ended child may stay open, held by a process that has left its group.
const DRAIN: Duration = Duration::from_secs(2);

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Err,
    Out,
}

/// Lines without their ends, in the order of arrival; bytes that are not UTF-8 are replaced.
pub(crate) type Lines = Vec<(Stream, String)>;

/// What a watched child did.
#[derive(Debug)]
pub(crate) enum Event {
    Line(Stream, String),
    /// Some time has passed.
    Tick,
}

/// A child that runs while something else is done. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Background {
    child: Child,
    name: String,
    lines: Receiver<(Stream, String)>,
    seen: Lines,
}

/// Has every child end when we are asked to: a terminal asks its own group only.
pub(crate) fn end_with_us() -> io::Result<()> {
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Whoever asks twice is not kept waiting.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&INTERRUPTED))?;
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED))?;
    }
    Ok(())
}

fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Runs `command` to its end and hands over every line it prints. Its standard input is empty.
///
/// A stream that `command` was told to inherit stays inherited when `streams` does not name it.
///
/// # Errors
/// * It cannot be started.
/// * It was still running after `limit`: then it was killed.
pub(crate) fn watch(
    command: &mut Command,
    streams: &[Stream],
    limit: Duration,
    on_event: impl FnMut(Event),
) -> Result<ExitStatus> {
    Background::spawn(command.stdin(Stdio::null()), streams)?.follow(limit, on_event)
}

/// Runs `command` to its end and returns what it printed on standard output.
///
/// # Errors
/// It cannot be started, does not end within `limit`, or fails; the text then has what it printed.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<String> {
    let child = Background::start(command)?;
    let name = child.name.clone();
    let (lines, end) = child.end(limit);
    let status = end?;
    ensure!(status.success(), "{name} failed ({status}):\n{}", text(&lines));
    Ok(lines.iter().filter(|(stream, _)| *stream == Stream::Out).map(|(_, line)| format!("{line}\n")).collect())
}

/// What was printed, as one text.
pub(crate) fn text(lines: &[(Stream, String)]) -> String {
    lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
}

impl Background {
    /// Starts `command` with an empty standard input; all that it prints is kept.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Self::spawn(command.stdin(Stdio::null()), &[Stream::Out, Stream::Err])
    }

    /// Starts `command`, whose standard input stays as the caller has set it; of what it prints these streams are kept.
    pub(crate) fn spawn(command: &mut Command, streams: &[Stream]) -> Result<Self> {
        ensure!(!is_interrupted(), "interrupted");
        #[cfg(unix)]
        command.process_group(0);
        for stream in streams {
            match stream {
                Stream::Err => command.stderr(Stdio::piped()),
                Stream::Out => command.stdout(Stdio::piped()),
            };
        }
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let (tx, lines) = channel();
        if let Some(out) = child.stdout.take() {
            forward(out, Stream::Out, tx.clone());
        }
        if let Some(err) = child.stderr.take() {
            forward(err, Stream::Err, tx);
        }
        Ok(Self { child, name, lines, seen: Vec::new() })
    }

    /// Waits for a line `prefix REST` on its standard output and returns the rest.
    ///
    /// # Errors
    /// It ended without that line, or has not printed it within `limit`.
    pub(crate) fn wait_for(&mut self, prefix: &str, limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok((stream, line)) => {
                    let rest = line.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(' ')).map(str::to_owned);
                    self.seen.push((stream, line));
                    if let Some(rest) = rest.filter(|_| stream == Stream::Out) {
                        return Ok(rest);
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline && !is_interrupted() => (),
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
    /// The second part: it was still running after `limit`, then it was killed.
    pub(crate) fn end(mut self, limit: Duration) -> (Lines, Result<ExitStatus>) {
        let mut seen = std::mem::take(&mut self.seen);
        let end = self.follow(limit, |event| {
            if let Event::Line(stream, line) = event {
                seen.push((stream, line));
            }
        });
        (seen, end)
    }

    /// Asks it to end, with a signal where the system has them, and then does what [`Background::end`] does.
    pub(crate) fn terminate(self, limit: Duration) -> (Lines, Result<ExitStatus>) {
        // Not its group: it knows best in which order the others end. Fails if it has just ended, which is as good.
        #[cfg(unix)]
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        self.end(limit)
    }

    /// Kills it, and returns all that it has printed.
    pub(crate) fn kill(self) -> Lines {
        self.end(Duration::ZERO).0
    }

    /// Hands over every line that was not seen yet, and waits for its end; after `limit` it is killed, which is an
    /// error. Its standard input is closed.
    pub(crate) fn follow(&mut self, limit: Duration, mut on_event: impl FnMut(Event)) -> Result<ExitStatus> {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + limit;
        let mut status = self.child.try_wait()?;
        while status.is_none() && Instant::now() < deadline && !is_interrupted() {
            match self.lines.recv_timeout(TICK) {
                Ok((stream, line)) => on_event(Event::Line(stream, line)),
                Err(RecvTimeoutError::Timeout) => on_event(Event::Tick),
                // All streams are closed, so the end is near.
                Err(RecvTimeoutError::Disconnected) => thread::park_timeout(TICK / 50),
            }
            status = self.child.try_wait()?;
        }
        // Also what it has left behind.
        self.kill_group();
        let deadline = Instant::now() + DRAIN;
        while let Ok((stream, line)) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            on_event(Event::Line(stream, line));
        }
        ensure!(status.is_some() || !is_interrupted(), "interrupted");
        status.with_context(|| format!("{} did not end within {} s and was killed", self.name, limit.as_secs()))
    }

    fn kill_group(&mut self) {
        // Fails if all have ended by themselves, which is as good.
        #[cfg(unix)]
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        #[cfg(not(unix))]
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The number of one that was waited for may be that of another by now.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill_group();
        }
    }
}

fn forward(pipe: impl Read + Send + 'static, stream: Stream, tx: Sender<(Stream, String)>) {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut buf = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut buf), Ok(1..)) {
            let line = String::from_utf8_lossy(&buf).trim_end_matches(['\n', '\r']).to_owned();
            if tx.send((stream, line)).is_err() {
                return;
            }
            buf.clear();
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn start(script: &str) -> Background {
        Background::start(&mut sh(script)).unwrap()
    }

    /// The signal may still be on its way, or the dead not yet reaped by its new parent.
    #[track_caller]
    fn expect_end_of(pid: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                break;
            }
            assert!(Instant::now() < deadline, "{state}");
            thread::yield_now();
        }
    }

    #[test]
    fn child_that_ends_gives_its_lines_and_its_status() {
        let (mut lines, end) = start("echo one; echo two >&2; exit 3").end(PATIENCE);
        lines.sort_by_key(|(stream, _)| *stream == Stream::Err);
        assert_eq!(lines, [(Stream::Out, "one".to_owned()), (Stream::Err, "two".to_owned())]);
        assert_eq!(end.unwrap().code(), Some(3));
    }

    #[test]
    fn child_that_hangs_is_killed_with_what_it_started() {
        let mut pid = String::new();
        let error = watch(&mut sh("sleep 600 & echo $!; wait"), &[Stream::Out], TICK * 6, |event| {
            if let Event::Line(_, line) = event {
                pid = line;
            }
        })
        .unwrap_err();
        assert!(error.to_string().contains("was killed"), "{error}");
        expect_end_of(&pid);
    }

    #[test]
    fn what_a_child_leaves_behind_ends_with_it() {
        // The sleep in the middle is gone before the last one is started, whose parent is then no longer ours.
        let pid = capture(&mut sh("(sleep 600 & echo $!)"), PATIENCE).unwrap();
        expect_end_of(pid.trim());
    }

    #[test]
    fn child_that_is_dropped_is_killed_with_what_it_started() {
        let mut child = start("sleep 600 & echo pid $!; wait");
        let pid = child.wait_for("pid", PATIENCE).unwrap();
        drop(child);
        expect_end_of(&pid);
    }

    #[test]
    fn failed_command_reports_what_it_printed() {
        let error = capture(&mut sh("echo out; echo err >&2; exit 1"), PATIENCE).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("out") && text.contains("err"), "{text}");
    }

    #[test]
    fn line_that_is_waited_for_is_returned_and_kept() {
        let mut child = start("echo hello; echo ready 17; echo after");
        assert_eq!(child.wait_for("ready", PATIENCE).unwrap(), "17");
        let (lines, end) = child.end(PATIENCE);
        assert_eq!(text(&lines), "hello\nready 17\nafter");
        assert!(end.unwrap().success());
    }

    #[test]
    fn child_that_ends_without_the_line_is_an_error() {
        let error = start("echo ready 17 >&2").wait_for("ready", PATIENCE).unwrap_err();
        assert!(error.to_string().contains("ended without"), "{error}");
    }

    #[test]
    fn child_that_is_asked_to_end_may_have_a_last_word() {
        let mut child = start("trap 'echo bye; exit 0' TERM; echo ready now; while :; do sleep 0.01; done");
        child.wait_for("ready", PATIENCE).unwrap();
        let (lines, end) = child.terminate(PATIENCE);
        assert_eq!(lines.last().unwrap().1, "bye");
        assert!(end.unwrap().success());
    }

    #[test]
    fn child_that_does_not_end_is_killed() {
        let mut child = start("echo ready now; exec sleep 600");
        child.wait_for("ready", PATIENCE).unwrap();
        assert!(child.end(Duration::ZERO).1.is_err());
    }
}
