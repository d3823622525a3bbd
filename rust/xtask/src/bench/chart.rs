//! A picture of the ratios, for the README.

use std::fmt::Write as _;

use super::figure::{Figure, OURS};

/// Rows that tell a reader what to expect, by name, and what they mean to somebody who has not read the cases.
const SHOWN: [(&str, &str); 14] = [
    ("echo_16", "messages of 16 bytes, 256 under way"),
    ("echo_1k", "messages of 1 KiB, 64 under way"),
    ("echo_64k", "messages of 64 KiB, 4 under way"),
    ("echo_1m", "messages of 1 MiB"),
    ("text_64k", "texts of 64 KiB, 4 under way"),
    ("echo_1k_tls", "messages of 1 KiB over TLS"),
    ("echo_64k_tls", "messages of 64 KiB over TLS"),
    ("latency_p50", "round trip of one message"),
    ("handshakes", "connections opened"),
    ("handshakes_tls_full", "connections opened over TLS"),
    ("handshakes_tls", "connections opened over TLS, not the first"),
    ("active", "poll, 4,000 clients, 100 of them active"),
    ("idle_4000", "poll, 4,000 idle clients"),
    ("memory", "memory of an idle client"),
];

const WIDTH: f64 = 760.0;
const ROW: f64 = 24.0;
const TOP: f64 = 44.0;
/// Where the bars begin; the names are left of it.
const LEFT: f64 = 290.0;
/// Kept free on the right for the number behind the longest bar.
const RIGHT: f64 = 70.0;
/// What fills the width.
const LARGEST: f64 = 10_000.0;

/// Both themes of whoever shows the picture. No background: that of the page is the right one.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.faint { fill: #6e7781 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.one { stroke: #8c959f }
.better { fill: #1f7a8c }
.worse { fill: #b35900 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.faint { fill: #9198a1 }
.better { fill: #4fb3c6 }
.worse { fill: #e08a3c }
}";

/// A bar for each row that is shown and was measured: how many times better ours is, on a logarithmic scale.
pub(super) fn svg(figures: &[Figure]) -> String {
    let shown: Vec<(&str, f64)> = SHOWN
        .into_iter()
        .filter_map(|(name, words)| {
            let figure = figures.iter().find(|figure| figure.row.name == name)?;
            Some((words, figure.times(OURS)?))
        })
        .collect();
    let bottom = TOP + ROW * shown.len() as f64;
    let height = bottom + 12.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Tungsten beside the classes of the engine</title>\n<style>\n{STYLE}\n</style>\n"
    );
    for power in 0..=4 {
        let times = 10_f64.powi(power);
        let (x, class) = (x_of(times), if power == 0 { "one" } else { "grid" });
        write_line(&mut svg, x, bottom, class);
        text(&mut svg, x, TOP - 12.0, "middle", &format!("{times}×"), true);
    }
    text(&mut svg, LEFT - 10.0, TOP - 12.0, "end", "times better than the engine's classes", true);
    for (idx, (words, times)) in shown.iter().enumerate() {
        bar(&mut svg, TOP + ROW * idx as f64, words, *times);
    }
    svg + "</svg>\n"
}

fn bar(svg: &mut String, y: f64, words: &str, times: f64) {
    let (one, end) = (x_of(1.0), x_of(times));
    let class = if times < 1.0 { "worse" } else { "better" };
    let (x, width) = (one.min(end), (end - one).abs().max(1.0));
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"2\" class=\"{class}\"/>",
        y + 3.0,
        ROW - 8.0
    );
    text(svg, LEFT - 10.0, y + 15.0, "end", words, false);
    let label = if times < 10.0 { format!("{times:.1}×") } else { format!("{times:.0}×") };
    text(svg, one.max(end) + 6.0, y + 15.0, "start", &label, false);
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str, is_faint: bool) {
    let class = if is_faint { " class=\"faint\"" } else { "" };
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{class}>{words}</text>");
}

fn write_line(svg: &mut String, x: f64, bottom: f64, class: &str) {
    let top = TOP - 6.0;
    let _ = writeln!(svg, "<line x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" class=\"{class}\"/>");
}

/// Where so many times is. The bars of what is worse than half go over the names, which is deserved.
fn x_of(times: f64) -> f64 {
    let whole = WIDTH - LEFT - RIGHT;
    LEFT + whole * (times.clamp(0.5, LARGEST).log10() / LARGEST.log10())
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::super::figure::{self, ENGINE, Sample};
    use super::*;

    #[test]
    fn every_row_that_is_shown_is_measured() {
        for (name, _) in SHOWN {
            assert!(CASES.iter().any(|case| case.has_row(name)), "{name}");
        }
    }

    #[test]
    fn bar_has_the_ratio_behind_it() {
        let sample = |subject: &str, value| Sample { row: "echo_1k".into(), subject: subject.into(), round: 0, value };
        let case = CASES.iter().find(|case| case.name == "echo_1k").unwrap();
        let svg = svg(&figure::all(&[case], &[sample(OURS, 30.0), sample(ENGINE, 10.0)]));
        assert_eq!(svg.matches("<rect").count(), 1);
        assert!(svg.contains(">3.0×</text>"), "{svg}");
    }
}
