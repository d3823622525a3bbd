//! The time of an echo over the loopback, beside that of the same bytes over raw TCP.

use std::env;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::raw::RawSession;
use crate::session::Session;

/// How often each case is measured, in turns with raw TCP.
const ROUNDS: usize = 11;

/// How long a measurement should take.
const SLICE: Duration = Duration::from_millis(100);

/// Memory that was freed stays with the process, as in a game that frees much. As glibc comes, a large block goes back to
/// the system with each message, and the fresh pages of the next one take twice as long as all else.
const TUNABLES: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824");

struct Case {
    name: &'static str,
    size: usize,
    /// Messages under way.
    window: usize,
    /// The part of what raw TCP does below which something has become slower, in percent.
    floor: f64,
    /// The time of a message there and back that we want to reach, in nanoseconds.
    target: Option<f64>,
}

const CASES: [Case; 4] = [
    Case { name: "16 B x 256", size: 16, window: 256, floor: 3.0, target: None },
    Case { name: "1 KiB x 64", size: 1 << 10, window: 64, floor: 25.0, target: Some(700.0) },
    Case { name: "64 KiB x 4", size: 64 << 10, window: 4, floor: 30.0, target: None },
    Case { name: "1 MiB x 1", size: 1 << 20, window: 1, floor: 50.0, target: None },
];

/// The same in a process whose memory comes from the system once.
pub(crate) fn compare_with_steady_memory() -> ExitCode {
    let steady =
        env::current_exe().and_then(|program| Command::new(program).env(TUNABLES.0, TUNABLES.1).arg("--echo").status());
    if steady.expect("a bench can be started twice").success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a table. Fails if something is below its floor.
pub(crate) fn compare() -> ExitCode {
    let mut is_good = true;
    println!("echo         raw ns     core ns    core/raw  floor   target");
    for case in &CASES {
        let Figure { raw, core, percent } = measure(case);
        is_good &= percent >= case.floor;
        let floor = format!("{:.0} % {}", case.floor, verdict(percent >= case.floor));
        let target = case.target.map(|target| format!("{target:.0} ns {}", verdict(core <= target)));
        let target = target.unwrap_or_default();
        println!("{:<12} {raw:<10.0} {core:<10.0} {percent:>5.1} %   {floor}  {target}", case.name);
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(is_good: bool) -> &'static str {
    if is_good { "PASS" } else { "MISS" }
}

/// Medians over the rounds.
struct Figure {
    /// Nanoseconds of a message there and back.
    raw: f64,
    core: f64,
    percent: f64,
}

fn measure(case: &Case) -> Figure {
    let message = vec![7; case.size];
    let mut raw = RawSession::open(message.repeat(case.window));
    let mut core = Session::over_tcp(case.size * case.window);
    let mut echo_raw = |count| time(|| raw.echo(case.size * count));
    let mut echo_core = |count| time(|| core.echo(&message, case.window, count));
    let (raw_count, core_count) = (count_for(case, &mut echo_raw), count_for(case, &mut echo_core));
    let rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| (echo_raw(raw_count) / raw_count as f64, echo_core(core_count) / core_count as f64))
        .collect();
    Figure {
        raw: median(rounds.iter().map(|(raw, _)| *raw * 1e9)),
        core: median(rounds.iter().map(|(_, core)| *core * 1e9)),
        percent: median(rounds.iter().map(|(raw, core)| raw / core * 100.0)),
    }
}

/// How many echoes fill the time of a measurement.
fn count_for(case: &Case, echo: &mut impl FnMut(usize) -> f64) -> usize {
    let mut count = case.window;
    loop {
        let seconds = echo(count);
        if seconds > SLICE.as_secs_f64() / 4.0 {
            return (count as f64 * SLICE.as_secs_f64() / seconds) as usize + 1;
        }
        count *= 2;
    }
}

fn time(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
