//! The layers that cargo runs.

use std::time::Duration;

use anyhow::Result;

use super::{Options, Tally};
use crate::process::{self, Event, Stream};
use crate::project;

/// Building all tests from nothing takes some minutes on two cores, running them seconds.
const LIMIT: Duration = Duration::from_secs(900);

/// What is tested inside of the files: one idea at a time, without I/O.
pub(super) fn unit(options: &Options) -> Result<Tally> {
    test(options, &["--workspace", "--lib", "--bins"])
}

/// What is tested from outside, with real sockets and processes, and the examples in doc comments.
pub(super) fn api(options: &Options) -> Result<Tally> {
    // Of all packages, as in the layer before: cargo compiles what is shared again if others are asked for.
    let mut tally = test(options, &["--workspace", "--test", "*"])?;
    if tally.failed == 0 {
        tally += test(options, &["--workspace", "--doc"])?;
    }
    Ok(tally)
}

/// The seeds of the fuzzer. It is a workspace of its own, and shares our folder for builds.
pub(super) fn fuzz(options: &Options) -> Result<Tally> {
    test(options, &["--manifest-path", "rust/fuzz/Cargo.toml", "--target-dir", "target", "--locked", "--test", "seeds"])
}

fn test(options: &Options, args: &[&str]) -> Result<Tally> {
    let mut cargo = project::cargo();
    cargo.arg("test").arg("--no-fail-fast").args(args).args(options.profile.cargo_flag());
    cargo.args(options.filter.iter().flat_map(|filter| ["--", filter]));
    let mut tally = Tally::default();
    let status = process::watch(&mut cargo, &[Stream::Out], LIMIT, |event| {
        if let Event::Line(_, line) = event {
            tally += parse_result(&line).unwrap_or_default();
            println!("{line}");
        }
    })?;
    if !status.success() && tally.failed == 0 {
        // It did not compile, or a test took the whole process down.
        tally += Tally::failure();
    }
    Ok(tally)
}

/// The numbers of a line `test result: ok. 3 passed; 0 failed; …`.
fn parse_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_line_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.02s";
        assert_eq!(parse_result(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(parse_result("test result_is_counted ... ok"), None);
    }
}
