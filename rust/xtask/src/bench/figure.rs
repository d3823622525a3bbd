//! What was measured, as figures that can be compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::case::{Better, Case, Row, Target};

/// The engine's own classes.
pub(super) const ENGINE: &str = "engine";
/// Our classes, as their help pages show them.
pub(super) const OURS: &str = "ours";
/// Our peers on both sides, made as those of the engine are.
pub(super) const ACCEPT: &str = "accept";
/// The same bytes without a protocol.
pub(super) const RAW: &str = "raw";

/// One measurement, as an engine has told it.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) row: String,
    pub(super) subject: String,
    pub(super) round: u64,
    pub(super) value: f64,
}

/// A row with all its measurements.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) row: &'static Row,
    /// By subject, then by round.
    values: BTreeMap<String, BTreeMap<u64, f64>>,
}

impl Sample {
    /// What a line of an engine says; nothing if it is about something else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(line.strip_prefix("measure ")?).ok()?;
        Some(Self {
            row: told["case"].as_str()?.to_owned(),
            subject: told["subject"].as_str()?.to_owned(),
            // GDScript writes the numbers that it has read from JSON with a point.
            round: told["round"].as_f64()? as u64,
            value: told["value"].as_f64()?,
        })
    }
}

/// The figures of these cases, in their order.
pub(super) fn all(cases: &[&'static Case], samples: &[Sample]) -> Vec<Figure> {
    cases.iter().flat_map(|case| case.rows).map(|row| Figure::new(row, samples)).collect()
}

impl Figure {
    fn new(row: &'static Row, samples: &[Sample]) -> Self {
        let mut values: BTreeMap<String, BTreeMap<u64, f64>> = BTreeMap::new();
        for sample in samples.iter().filter(|sample| sample.row == row.name) {
            values.entry(sample.subject.clone()).or_default().insert(sample.round, sample.value);
        }
        Self { row, values }
    }

    /// The median of a subject.
    pub(super) fn median_of(&self, subject: &str) -> Option<f64> {
        median(self.values.get(subject)?.values().copied().collect())
    }

    /// How many times better than the engine's class a subject is: the median over the rounds.
    pub(super) fn times(&self, subject: &str) -> Option<f64> {
        let (mine, engines) = (self.values.get(subject)?, self.values.get(ENGINE)?);
        let ratios = mine.iter().filter_map(|(round, mine)| {
            let engines = engines.get(round)?;
            let ratio = match self.row.better {
                Better::Higher => mine / engines,
                Better::Lower => engines / mine,
            };
            ratio.is_finite().then_some(ratio)
        });
        median(ratios.collect())
    }

    /// Whether the target is reached; nothing without a target or without a measurement.
    pub(super) fn passes(&self) -> Option<bool> {
        self.reaches(self.row.target?)
    }

    /// Whether not even this part of what was measured before is reached, or nothing could be measured.
    pub(super) fn misses(&self, part: f64) -> bool {
        let least = self.row.measured.zip(self.row.target).map(|(measured, target)| match target {
            Target::AtMost(_) => Target::AtMost(measured / part),
            Target::Times(_) => Target::Times(measured * part),
        });
        least.is_some_and(|least| self.reaches(least) != Some(true))
    }

    fn reaches(&self, target: Target) -> Option<bool> {
        match target {
            Target::AtMost(most) => self.median_of(OURS).map(|ours| ours <= most),
            Target::Times(least) => self.times(OURS).map(|times| times >= least),
        }
    }
}

/// All figures for other programs.
pub(super) fn json(figures: &[Figure], engine: &str, rounds: u32) -> Value {
    let rows: Vec<Value> = figures.iter().map(row_json).collect();
    json!({ "godot": engine, "rounds": rounds, "rows": rows })
}

fn row_json(figure: &Figure) -> Value {
    let medians: BTreeMap<_, _> = figure.values.keys().map(|subject| (subject, figure.median_of(subject))).collect();
    let target = figure.row.target.map(|target| match target {
        Target::AtMost(most) => json!({ "at_most": most }),
        Target::Times(least) => json!({ "times": least }),
    });
    json!({
        "name": figure.row.name,
        "unit": figure.row.unit,
        "better": if figure.row.better == Better::Higher { "higher" } else { "lower" },
        "medians": medians,
        "times": { OURS: figure.times(OURS), ACCEPT: figure.times(ACCEPT) },
        "target": target,
        "passes": figure.passes(),
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;

    fn figure(name: &str, told: &[(&str, u64, f64)]) -> Figure {
        let case = CASES.iter().find(|case| case.has_row(name)).unwrap();
        let sample = |(subject, round, value): &(&str, u64, f64)| Sample {
            row: name.to_owned(),
            subject: (*subject).to_owned(),
            round: *round,
            value: *value,
        };
        let samples: Vec<_> = told.iter().map(sample).collect();
        all(&[case], &samples).into_iter().find(|figure| figure.row.name == name).unwrap()
    }

    #[test]
    fn ratio_is_the_median_of_the_rounds_and_not_that_of_the_medians() {
        // The machine was four times slower in the second round.
        let told = [(OURS, 0, 40.0), (ENGINE, 0, 10.0), (OURS, 1, 10.0), (ENGINE, 1, 2.5), (OURS, 2, 1.0)];
        assert_eq!(figure("echo_16", &told).times(OURS), Some(4.0));
    }

    #[test]
    fn less_is_better_where_it_is_a_cost() {
        let figure = figure("idle_4000", &[(OURS, 0, 2.0), (ENGINE, 0, 300.0)]);
        assert_eq!((figure.times(OURS), figure.passes()), (Some(150.0), Some(true)));
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        let figure = figure("echo_16", &[(OURS, 0, 2.0)]);
        assert_eq!(figure.passes(), None);
        assert!(figure.misses(0.5));
    }

    #[test]
    fn part_of_what_was_measured_may_not_be_missed_though_the_target_is_reached() {
        let misses = |ours: f64| figure("echo_1k_tls", &[(OURS, 0, ours), (ENGINE, 0, 1.0)]).misses(0.6);
        assert!(misses(2.1) && misses(4.3) && !misses(4.4));
        let misses = |ours: f64| figure("idle_growth", &[(OURS, 0, ours)]).misses(0.6);
        assert!(misses(1.7) && !misses(1.6));
        assert!(!figure("text_16", &[]).misses(0.6), "nothing is expected of it");
    }

    #[test]
    fn line_of_an_engine_is_read() {
        let line = r#"measure {"case":"echo_16","subject":"ours","round":1.0,"value":2.5}"#;
        let sample = Sample::parse(line).unwrap();
        assert_eq!((sample.row.as_str(), sample.round, sample.value), ("echo_16", 1, 2.5));
        assert!(Sample::parse("bench: done").is_none());
    }
}
