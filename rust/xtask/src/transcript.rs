//! A run of the engine, and what is wrong with it.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::process::{self, Background, Event, Lines, Stream};

/// What the engine prints at its end when something was not freed.
const LEAKS: [&str; 5] =
    ["leaked at exit", "ObjectDB instances", "resources still in use", "RID allocations of type", "Orphan StringName"];

/// Everything a run has printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// Every line, in the order of arrival.
    pub(crate) lines: Lines,
    /// How it ended; a text if it did not start or had to be killed.
    end: Result<ExitStatus, String>,
}

impl Transcript {
    /// Runs the engine to its end, or to the end of `limit`; `live` prints its lines as they come.
    pub(crate) fn record(command: &mut Command, limit: Duration, live: bool) -> Self {
        let mut lines = Vec::new();
        let end = process::watch(command, &[Stream::Out, Stream::Err], limit, |event| {
            if let Event::Line(stream, line) = event {
                match stream {
                    Stream::Out if live => println!("{line}"),
                    Stream::Err if live => eprintln!("{line}"),
                    _ => (),
                }
                lines.push((stream, line));
            }
        });
        Self::new(lines, end)
    }

    /// Of a run in the background, which has so long to end.
    pub(crate) fn of(run: Background, limit: Duration) -> Self {
        let (lines, end) = run.end(limit);
        Self::new(lines, end)
    }

    /// Of a run that somebody else has waited for.
    pub(crate) fn new(lines: Lines, end: Result<ExitStatus>) -> Self {
        Self { lines, end: end.map_err(|error| format!("{error:#}")) }
    }

    /// What was printed on standard output.
    pub(crate) fn out(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|(stream, _)| *stream == Stream::Out).map(|(_, line)| line.as_str())
    }

    /// The exit code; none if it was killed or never started.
    pub(crate) fn code(&self) -> Option<i32> {
        self.end.as_ref().ok().and_then(ExitStatus::code)
    }

    /// Why a run that should have gone well did not; empty if it did. `expected` are texts of errors and warnings that
    /// were provoked, once for each time.
    pub(crate) fn complaints(&self, expected: &[&str]) -> Vec<String> {
        let mut complaints = Vec::new();
        match &self.end {
            Ok(status) if status.success() => (),
            Ok(status) => complaints.push(format!("it ended with {status}")),
            Err(error) => complaints.push(error.clone()),
        }
        complaints.extend(bad_lines(self.lines.iter().map(|(_, line)| line.as_str()), expected));
        complaints
    }

    /// For a run that should have gone well, and then prints `sentinel` last.
    ///
    /// # Errors
    /// It has not; the text begins with `failure`.
    pub(crate) fn check(&self, failure: &str, sentinel: &str) -> Result<()> {
        let mut complaints = self.complaints(&[]);
        let last = self.out().filter(|line| !line.trim().is_empty()).last();
        if last != Some(sentinel) {
            complaints.push(format!("its last line is {:?} instead of {sentinel:?}", last.unwrap_or_default()));
        }
        ensure!(complaints.is_empty(), "{failure}:\n{}", complaints.join("\n"));
        Ok(())
    }

    /// The lines that report an error, a warning or a leak, of a run that was not to end by itself.
    pub(crate) fn errors(&self) -> Vec<String> {
        bad_lines(self.lines.iter().map(|(_, line)| line.as_str()), &[])
    }

    /// A headline, and if there are complaints, all lines of a run that was not live, and then those.
    pub(crate) fn told(&self, headline: String, complaints: &[String]) -> String {
        if complaints.is_empty() {
            return headline;
        }
        let lines = self.lines.iter().map(|(_, line)| format!("\n    {line}"));
        let complaints = complaints.iter().map(|text| format!("\n  {text}"));
        headline + &lines.chain(complaints).collect::<String>()
    }

    /// Prints all lines, for a run that was not live.
    pub(crate) fn print(&self) {
        for (_, line) in &self.lines {
            println!("    {line}");
        }
    }
}

/// How the engine begins a line that reports something.
const REPORTS: [&str; 6] =
    ["ERROR: ", "SCRIPT ERROR: ", "USER ERROR: ", "USER SCRIPT ERROR: ", "USER WARNING: ", "WARNING: "];

/// The lines that report an error, a warning or a leak, without those that were expected.
fn bad_lines<'a>(lines: impl Iterator<Item = &'a str>, expected: &[&str]) -> Vec<String> {
    let mut expected = expected.to_vec();
    let mut bad = Vec::new();
    for line in lines {
        if let Some(text) = REPORTS.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            match expected.iter().position(|known| *known == text.trim_end()) {
                Some(idx) => drop(expected.swap_remove(idx)),
                None => bad.push(line.to_owned()),
            }
        } else if LEAKS.iter().any(|leak| line.contains(leak)) || line.contains("' panicked at ") {
            bad.push(line.to_owned());
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_forgiven_once_for_each_time_it_was_expected() {
        let lines = ["fine", "ERROR: no such url", "   at: x.cpp:1", "ERROR: no such url"];
        assert_eq!(bad_lines(lines.into_iter(), &["no such url"]), ["ERROR: no such url"]);
        assert!(bad_lines(lines.into_iter(), &["no such url", "no such url"]).is_empty());
    }

    #[test]
    fn warning_is_as_bad_as_an_error() {
        let lines = ["WARNING: so so", "USER WARNING: not so", "WARNING: so so"];
        assert_eq!(bad_lines(lines.into_iter(), &["so so"]), lines[1..]);
    }

    #[test]
    fn leak_and_panic_are_bad_wherever_they_are_printed() {
        let lines = ["WARNING: ObjectDB instances leaked at exit (run with --verbose for details).", "ok 1 - ERROR: x"];
        assert_eq!(bad_lines(lines.into_iter(), &[]), [lines[0]]);
        assert_eq!(bad_lines(["thread 'main' panicked at a.rs:1:2:"].into_iter(), &[]).len(), 1);
    }
}
