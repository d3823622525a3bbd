//! Child processes with a deadline: none outlives the call that started it.

mod background;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(crate) use background::Background;

/// How often a child that prints nothing is asked whether it has ended.
const TICK: Duration = Duration::from_millis(50);

/// How long the output of an ended child may stay open, held by a process that the child left behind.
const DRAIN: Duration = Duration::from_secs(2);

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Err,
    Out,
}

/// What a watched child did.
#[derive(Debug)]
pub(crate) enum Event {
    /// It printed a line, given without its end; bytes that are not UTF-8 are replaced.
    Line(Stream, String),
    /// Some time has passed.
    Tick,
}

/// Runs `command` to its end and hands over every line it prints. Its standard input is empty.
///
/// A stream that `command` was told to inherit stays inherited when `streams` does not name it.
///
/// # Errors
/// * It cannot be started.
/// * It was still running after `limit`: then it and its descendants were killed.
pub(crate) fn watch(
    command: &mut Command,
    streams: &[Stream],
    limit: Duration,
    mut on_event: impl FnMut(Event),
) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null());
    for stream in streams {
        match stream {
            Stream::Err => command.stderr(Stdio::piped()),
            Stream::Out => command.stdout(Stdio::piped()),
        };
    }
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let lines = read_lines(&mut child);
    let status = loop {
        match lines.recv_timeout(TICK) {
            Ok((stream, line)) => on_event(Event::Line(stream, line)),
            Err(RecvTimeoutError::Timeout) => on_event(Event::Tick),
            // All streams are closed, so the end is near.
            Err(RecvTimeoutError::Disconnected) => thread::park_timeout(TICK / 50),
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            kill_tree(&mut child);
            drain(&lines, &mut on_event);
            bail!("{name} did not end within {} s and was killed", limit.as_secs());
        }
    };
    drain(&lines, &mut on_event);
    Ok(status)
}

/// Runs `command` to its end and returns what it printed on standard output.
///
/// # Errors
/// It cannot be started, does not end within `limit`, or fails; the text then has what it printed.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (mut out, mut all) = (String::new(), String::new());
    let status = watch(command, &[Stream::Out, Stream::Err], limit, |event| {
        if let Event::Line(stream, line) = event {
            if stream == Stream::Out {
                out += &line;
                out.push('\n');
            }
            all += &line;
            all.push('\n');
        }
    })?;
    if !status.success() {
        bail!("{name} failed ({status}):\n{}", all.trim_end());
    }
    Ok(out)
}

/// Kills a child of ours and everything it started, and reaps it.
pub(crate) fn kill_tree(child: &mut Child) {
    for pid in descendants(child.id()) {
        // Fails if it has just ended by itself, which is as good.
        let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The processes started by `pid`, and by those, deepest first. Empty where the system has no `/proc`.
fn descendants(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for task in tasks.flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|word| word.parse().ok()) {
            found.extend(descendants(child));
            found.push(child);
        }
    }
    found
}

/// The lines of every stream of `child` that is piped, in the order of arrival.
fn read_lines(child: &mut Child) -> Receiver<(Stream, String)> {
    let (tx, rx) = channel();
    if let Some(out) = child.stdout.take() {
        forward(out, Stream::Out, tx.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward(err, Stream::Err, tx);
    }
    rx
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

fn drain(lines: &Receiver<(Stream, String)>, on_event: &mut impl FnMut(Event)) {
    let deadline = Instant::now() + DRAIN;
    while let Ok((stream, line)) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        on_event(Event::Line(stream, line));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn child_that_ends_gives_its_lines_and_its_status() {
        let mut lines = Vec::new();
        let status = watch(
            &mut sh("echo one; echo two >&2; exit 3"),
            &[Stream::Out, Stream::Err],
            Duration::from_secs(20),
            |event| {
                if let Event::Line(stream, line) = event {
                    lines.push((stream, line));
                }
            },
        )
        .unwrap();
        lines.sort_by_key(|(stream, _)| *stream == Stream::Err);
        assert_eq!(lines, [(Stream::Out, "one".to_owned()), (Stream::Err, "two".to_owned())]);
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn child_that_hangs_is_killed_with_what_it_started() {
        let mut pid = String::new();
        let error = watch(&mut sh("sleep 600 & echo $!; wait"), &[Stream::Out], Duration::from_millis(300), |event| {
            if let Event::Line(_, line) = event {
                pid = line;
            }
        })
        .unwrap_err();
        assert!(error.to_string().contains("was killed"), "{error}");
        // The signal may still be on its way, or the dead not yet reaped by its new parent.
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                break;
            }
            assert!(Instant::now() < deadline, "{state}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn failed_command_reports_what_it_printed() {
        let error = capture(&mut sh("echo out; echo err >&2; exit 1"), Duration::from_secs(20)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("out") && text.contains("err"), "{text}");
    }
}
