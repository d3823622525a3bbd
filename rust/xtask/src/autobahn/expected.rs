//! What the suite is known to say, in a file that is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};

use super::report::{Case, Report, Verdict};
use crate::project;

/// Where the file is.
pub(super) const FILE: &str = "interop/autobahn/expected.txt";

/// What the file begins with.
const HEAD: &str = "\
# What the Autobahn test suite says of each case: how we behave, and how the connection ends. It has to be the same for
# client and server, of the core and in the engine. `cargo xtask autobahn --accept` writes this file.
";

/// What stands between verdicts of which each is fine.
const OR: &str = " or ";

/// The known verdicts. It is the same for all subjects.
#[derive(Debug)]
pub(super) struct Expected {
    known: BTreeMap<Case, Known>,
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    /// In the file, counted from 1.
    line: usize,
    /// Several where it depends on how the network cuts the stream.
    verdicts: BTreeSet<Verdict>,
}

impl Expected {
    /// Reads the file.
    pub(super) fn read() -> Result<Self> {
        let text = fs::read_to_string(project::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let known = lines.map(|(idx, text)| {
            let line = idx + 1;
            parse_line(text)
                .map(|(case, verdicts)| (case, Known { line, verdicts }))
                .with_context(|| format!("{FILE}:{line}"))
        });
        Ok(Self { known: known.collect::<Result<_>>()? })
    }

    /// How many cases it knows.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What the report says otherwise, for better or for worse.
    pub(super) fn differences(&self, report: &Report) -> Vec<String> {
        let differences = report.verdicts.iter().filter_map(|(case, verdict)| {
            let known = match self.known.get(case) {
                Some(known) if known.verdicts.contains(verdict) => return None,
                Some(known) => format!("{FILE}:{} says {}", known.line, join(&known.verdicts)),
                None => format!("{FILE} does not know it"),
            };
            Some(format!("{} {case}: {verdict}; {known}", report.name))
        });
        differences.collect()
    }

    /// Writes the file with what the reports say of their cases. A line that allows it already stays as it is.
    pub(super) fn accept(mut self, reports: &[Report]) -> Result<()> {
        self.learn(said(reports));
        fs::write(project::root().join(FILE), self.text()).with_context(|| format!("cannot write {FILE}"))
    }

    fn learn(&mut self, said: BTreeMap<Case, BTreeSet<Verdict>>) {
        for (case, verdicts) in said {
            if self.known.get(&case).is_none_or(|known| !known.verdicts.is_superset(&verdicts)) {
                self.known.insert(case, Known { line: 0, verdicts });
            }
        }
    }

    fn text(&self) -> String {
        let lines = self.known.iter().map(|(case, known)| format!("{case} {}\n", join(&known.verdicts)));
        HEAD.to_owned() + &lines.collect::<String>()
    }
}

/// All that was said of each case.
fn said(reports: &[Report]) -> BTreeMap<Case, BTreeSet<Verdict>> {
    let mut said: BTreeMap<Case, BTreeSet<Verdict>> = BTreeMap::new();
    for (case, verdict) in reports.iter().flat_map(|report| &report.verdicts) {
        said.entry(case.clone()).or_default().insert(verdict.clone());
    }
    said
}

/// A line `CASE BEHAVIOR, CLOSE or BEHAVIOR, CLOSE`.
fn parse_line(line: &str) -> Result<(Case, BTreeSet<Verdict>)> {
    let (case, verdicts) = line.split_once(' ').context("there is no verdict")?;
    let verdicts = verdicts.split(OR).map(|verdict| {
        let (behavior, close) = verdict.split_once(", ").context("it does not say how the connection ends")?;
        Ok(Verdict { behavior: behavior.to_owned(), close: close.to_owned() })
    });
    Ok((Case::parse(case)?, verdicts.collect::<Result<_>>()?))
}

fn join(verdicts: &BTreeSet<Verdict>) -> String {
    verdicts.iter().map(Verdict::to_string).collect::<Vec<_>>().join(OR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# words\n3.2 NON-STRICT, OK or OK, OK\n12.1.1 UNIMPLEMENTED, WRONG CODE\n";

    fn report(case: &str, behavior: &str, close: &str) -> Report {
        let verdict = Verdict { behavior: behavior.to_owned(), close: close.to_owned() };
        Report { name: "core-client".to_owned(), verdicts: [(Case::parse(case).unwrap(), verdict)].into() }
    }

    #[test]
    fn file_is_written_as_it_is_read() {
        let text = HEAD.to_owned() + TEXT.split_once('\n').unwrap().1;
        assert_eq!(Expected::parse(&text).unwrap().text(), text);
    }

    #[test]
    fn each_of_several_verdicts_is_fine() {
        let expected = Expected::parse(TEXT).unwrap();
        assert!(expected.differences(&report("3.2", "OK", "OK")).is_empty());
        assert!(expected.differences(&report("3.2", "NON-STRICT", "OK")).is_empty());
    }

    #[test]
    fn verdict_that_is_better_is_a_difference_too_and_names_the_line() {
        let differences = Expected::parse(TEXT).unwrap().differences(&report("12.1.1", "OK", "OK"));
        let expected =
            "core-client 12.1.1: OK, OK; interop/autobahn/expected.txt:3 says UNIMPLEMENTED, WRONG CODE".to_owned();
        assert_eq!(differences, [expected]);
    }

    #[test]
    fn case_that_is_not_in_the_file_is_a_difference() {
        assert_eq!(Expected::parse(TEXT).unwrap().differences(&report("1.1.1", "OK", "OK")).len(), 1);
    }

    #[test]
    fn result_that_is_accepted_replaces_a_line_unless_that_allows_it_already() {
        let mut expected = Expected::parse(TEXT).unwrap();
        expected.learn(said(&[report("3.2", "OK", "OK"), report("12.1.1", "OK", "OK")]));
        assert!(expected.text().ends_with("3.2 NON-STRICT, OK or OK, OK\n12.1.1 OK, OK\n"));
    }

    #[test]
    fn line_without_an_end_of_the_connection_is_an_error() {
        assert!(Expected::parse("1.1.1 OK\n").is_err());
    }
}
