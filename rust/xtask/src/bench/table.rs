//! The figures for somebody who reads.

use super::case::Target;
use super::figure::{ACCEPT, ENGINE, Figure, OURS, RAW};

const HEAD: [&str; 10] =
    ["case", "unit", "raw", "engine", "accept", "ours", "accept/engine", "ours/engine", "target", ""];

/// A table in Markdown with a row for each figure. The ratios say how many times better ours are.
pub(super) fn text(figures: &[Figure]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(figures.iter().map(cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    lines.insert(1, format!("|{}|", rule.join("|")));
    lines.join("\n") + "\n"
}

fn cells(figure: &Figure) -> [String; 10] {
    let median = |subject| figure.median_of(subject).map(number).unwrap_or_default();
    let target = match figure.row.target {
        Some(Target::AtMost(most)) => format!("at most {}", number(most)),
        Some(Target::Times(least)) => number(least),
        None => String::new(),
    };
    let verdict = match (figure.row.target, figure.passes()) {
        (None, _) => "",
        (Some(_), Some(true)) => "PASS",
        (Some(_), Some(false)) => "MISS",
        (Some(_), None) => "NOT MEASURED",
    };
    let [accept_times, times] = [ACCEPT, OURS].map(|subject| figure.times(subject).map(number).unwrap_or_default());
    let [raw, engine, accept, ours] = [RAW, ENGINE, ACCEPT, OURS].map(median);
    [
        figure.row.name.into(),
        figure.row.unit.into(),
        raw,
        engine,
        accept,
        ours,
        accept_times,
        times,
        target,
        verdict.into(),
    ]
}

fn line(row: &[String; 10], widths: &[usize]) -> String {
    let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect();
    format!("|{}|", cells.join("|"))
}

/// Three digits that count, and thousands apart.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), String::new()), |(a, b)| (a, format!(".{b}")));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    groups.join(",") + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_three_digits_that_count() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(123.4), "123");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(1.234), "1.23");
    }
}
