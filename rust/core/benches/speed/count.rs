//! Instructions, as valgrind counts them, compared with those of a committed file.
//!
//! A workload is run a few times and some more times; the difference is free of what happens once.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::workload::{ECHO_1K, HANDSHAKE, LARGE_1M};

/// How far a count may be from the one in the file, either way. Random masks and keys alone make some tenths of a percent.
const TOLERANCE: f64 = 0.03;

/// How far the cost of a byte may grow from a message of 16 MiB to one of 64 MiB.
const GROWTH: f64 = 1.1;

/// What an echo of 1 KiB may take.
const ECHO_TARGET: u64 = 3_700;

/// Copying and filling with vectors, whatever the processor likes best: valgrind counts its string instructions byte by
/// byte.
const TUNABLES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM");

/// What is counted, and how often it is done in the two runs.
const COUNTED: [(&str, u64, u64); 3] = [(HANDSHAKE, 10, 60), (ECHO_1K, 640, 2560), (LARGE_1M, 4, 16)];

/// Says how the counts are different from those in the file. Fails if one is too far off, if an echo misses its target, or
/// if a large message takes more than its share.
pub(crate) fn compare() -> ExitCode {
    let Some(counts) = count_all() else { return ExitCode::SUCCESS };
    let known = read();
    let mut is_good = true;
    for (name, count) in &counts {
        let verdict = match known.get(name) {
            Some(known) => {
                let change = *count as f64 / *known as f64 - 1.0;
                is_good &= change.abs() <= TOLERANCE;
                format!("{:+.2} %{}", change * 100.0, if change.abs() <= TOLERANCE { "" } else { "  CHANGED" })
            }
            None => {
                is_good = false;
                "NOT IN THE FILE".to_owned()
            }
        };
        println!("{name:<12} {count:>12} instructions   {verdict}");
    }
    let reaches_target = counts[ECHO_1K] <= ECHO_TARGET;
    println!("{ECHO_1K} at most {ECHO_TARGET} instructions: {}", if reaches_target { "PASS" } else { "MISS" });
    is_good &= reaches_target & is_linear(counts[LARGE_1M]);
    if !is_good {
        println!("if this is meant: cargo bench -p tungsten-core -- --instructions --accept");
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes the file.
pub(crate) fn accept() -> ExitCode {
    let Some(counts) = count_all() else { return ExitCode::FAILURE };
    let lines: String = counts.iter().map(|(name, count)| format!("{name} {count}\n")).collect();
    fs::write(file(), lines).expect("the file can be written");
    println!("written: {}", file().display());
    ExitCode::SUCCESS
}

/// Whether a MiB of a message of 64 MiB costs what one of a message of up to 16 MiB does.
fn is_linear(per_mib: u64) -> bool {
    let Some(large) = count(LARGE_1M, 16, 64) else { return false };
    let growth = large as f64 / per_mib as f64;
    let verdict = if growth <= GROWTH { "linear" } else { "NOT LINEAR" };
    println!("a MiB of 64 MiB costs {growth:.2} times that of one of 16 MiB: {verdict}");
    growth <= GROWTH
}

/// The counts of all workloads; nothing, which is said, if there is no valgrind.
fn count_all() -> Option<BTreeMap<String, u64>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is missing: no instructions were counted");
        return None;
    }
    COUNTED.into_iter().map(|(name, few, many)| Some((name.to_owned(), count(name, few, many)?))).collect()
}

/// Instructions of one time: what `many` times cost more than `few`.
fn count(name: &str, few: u64, many: u64) -> Option<u64> {
    let more = instructions(name, many)?.checked_sub(instructions(name, few)?)?;
    Some(more / (many - few))
}

/// What callgrind has counted in a whole run of ours.
fn instructions(name: &str, times: u64) -> Option<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .env(TUNABLES.0, TUNABLES.1)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?);
    let output = valgrind.args(["--workload", name, &times.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    if count.is_none() {
        println!("valgrind has counted nothing:\n{text}");
    }
    count
}

fn read() -> BTreeMap<String, u64> {
    let text = fs::read_to_string(file()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?))).collect()
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/speed/instructions.txt")
}
