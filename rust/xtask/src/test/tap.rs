//! Reads what the GDScript runner prints: TAP with a plan first and a sentinel last.

use super::Tally;

/// What the runner prints after everything else.
const SENTINEL: &str = "# tungsten: end of tests";

/// How the runner names an error and a warning that a test had announced.
const EXPECTED: [&str; 2] = ["# expected error: ", "# expected warning: "];

/// The report of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report<'a> {
    /// How many tests there were to be.
    pub(super) plan: Option<usize>,
    pub(super) tally: Tally,
    /// The errors and warnings that were provoked, once for each time.
    pub(super) expected: Vec<&'a str>,
    /// Whether the runner got to its end.
    pub(super) ended: bool,
    /// Whether results are numbered in order, come after the plan and before the end.
    pub(super) in_order: bool,
}

impl<'a> Report<'a> {
    /// Reads standard output. Lines that are not the runner's are passed over.
    pub(super) fn read(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut report = Self { in_order: true, ..Self::default() };
        for line in lines {
            if let Some(text) = EXPECTED.iter().find_map(|prefix| line.strip_prefix(prefix)) {
                report.expected.push(text.trim_end());
            } else if line == SENTINEL {
                report.in_order &= !report.ended;
                report.ended = true;
            } else if let Some(plan) = line.strip_prefix("1..").and_then(|count| count.parse().ok()) {
                report.in_order &= report.plan.is_none() && report.results() == 0;
                report.plan = Some(plan);
            } else if let Some(result) = line.strip_prefix("not ok ") {
                report.add(Tally::of(false), result);
            } else if let Some(result) = line.strip_prefix("ok ") {
                report.add(Tally::of(true), result);
            }
        }
        report
    }

    /// What is wrong with the report itself, given how many tests are on disk, if all of them were to run.
    pub(super) fn complaints(&self, on_disk: Option<usize>) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.plan.is_none() {
            complaints.push("it printed no plan".to_owned());
        }
        if self.plan.is_some_and(|plan| plan != self.results()) {
            complaints.push(format!("it planned {} tests and has {} results", self.plan.unwrap_or(0), self.results()));
        }
        if let Some(on_disk) = on_disk.filter(|count| *count != self.results()) {
            complaints.push(format!("it has {} results for {on_disk} tests on disk", self.results()));
        }
        if !self.in_order {
            complaints.push("its results are not in order".to_owned());
        }
        if !self.ended {
            complaints.push(format!("it did not print {SENTINEL:?} at its end"));
        }
        complaints
    }

    fn results(&self) -> usize {
        self.tally.passed + self.tally.failed
    }

    fn add(&mut self, tally: Tally, result: &str) {
        self.tally += tally;
        let number = result.split(' ').next().and_then(|number| number.parse().ok());
        self.in_order &= self.plan.is_some() && !self.ended && number == Some(self.results());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_report_has_no_complaints() {
        let text = "Godot\n1..2\n# expected error: no\n# expected warning: so so\nok 1 - a::b\nnot ok 2 - a::c\n# why\n# tungsten: end of tests";
        let report = Report::read(text.lines());
        assert_eq!(report.tally, Tally { passed: 1, failed: 1 });
        assert_eq!(report.expected, ["no", "so so"]);
        assert!(report.complaints(Some(2)).is_empty());
        assert_eq!(report.complaints(Some(3)).len(), 1);
    }

    #[test]
    fn report_that_stops_early_has_complaints() {
        let report = Report::read("1..2\nok 1 - a::b".lines());
        assert_eq!(report.complaints(None).len(), 2);
        assert_eq!(Report::read("".lines()).complaints(None).len(), 2);
    }

    #[test]
    fn result_with_another_number_or_after_the_end_is_out_of_order() {
        assert!(!Report::read("1..1\nok 2 - a::b".lines()).in_order);
        assert!(!Report::read("1..1\n# tungsten: end of tests\nok 1 - a::b".lines()).in_order);
        assert!(!Report::read("ok 1 - a::b\n1..1".lines()).in_order);
    }
}
