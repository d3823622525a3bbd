//! Echoes per second over the loopback, beside those of raw TCP.

use std::time::{Duration, Instant};

use crate::raw::RawSession;
use crate::session::Session;

/// How often each case is measured, in turns with raw TCP.
const ROUNDS: usize = 11;

/// How long a measurement should take.
const SLICE: Duration = Duration::from_millis(100);

struct Case {
    name: &'static str,
    size: usize,
    /// Messages under way.
    window: usize,
    /// The part of what raw TCP does that we want to reach, in percent.
    target: Option<f64>,
}

const CASES: [Case; 4] = [
    Case { name: "16 B x 256", size: 16, window: 256, target: None },
    Case { name: "1 KiB x 64", size: 1 << 10, window: 64, target: Some(55.0) },
    Case { name: "64 KiB x 4", size: 64 << 10, window: 4, target: Some(70.0) },
    Case { name: "1 MiB x 1", size: 1 << 20, window: 1, target: None },
];

/// Prints a table.
pub(crate) fn compare() {
    println!("echo         raw/s      core/s     core/raw  target");
    for case in &CASES {
        let figure = measure(case);
        let verdict = match case.target {
            None => String::new(),
            Some(target) if figure.percent >= target => format!("{target:.0} %  PASS"),
            Some(target) => format!("{target:.0} %  MISS"),
        };
        println!("{:<12} {:<10.0} {:<10.0} {:>5.1} %   {verdict}", case.name, figure.raw, figure.core, figure.percent);
    }
}

/// Medians over the rounds.
struct Figure {
    raw: f64,
    core: f64,
    percent: f64,
}

fn measure(case: &Case) -> Figure {
    let message = vec![7; case.size];
    let mut raw = RawSession::open();
    let mut core = Session::over_tcp(case.size * case.window);
    let mut echo_raw = |count| time(|| raw.echo(&message, case.window, count));
    let mut echo_core = |count| time(|| core.echo(&message, case.window, count));
    let (raw_count, core_count) = (count_for(case, &mut echo_raw), count_for(case, &mut echo_core));
    let rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| (raw_count as f64 / echo_raw(raw_count), core_count as f64 / echo_core(core_count)))
        .collect();
    Figure {
        raw: median(rounds.iter().map(|(raw, _)| *raw)),
        core: median(rounds.iter().map(|(_, core)| *core)),
        percent: median(rounds.iter().map(|(raw, core)| core / raw * 100.0)),
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
