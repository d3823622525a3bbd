//! What the suite says, case by case.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::suite::AGENT;

/// A case, such as `6.4.1`; the first number is its section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case(Vec<u32>);

/// What was said of a case, in the words of the suite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verdict {
    /// About what was sent and received, such as `OK` or `NON-STRICT`.
    pub(super) behavior: String,
    /// About the end of the connection, such as `OK` or `WRONG CODE`.
    pub(super) close: String,
}

/// All that was said of a subject.
#[derive(Debug)]
pub(super) struct Report {
    /// Whom it is about.
    pub(super) name: String,
    pub(super) verdicts: BTreeMap<Case, Verdict>,
}

/// The words that have a column of their own in a table; everything else is a failure.
const COLUMNS: [&str; 4] = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"];

/// How often a section has got each of [`COLUMNS`], how often something else, and how often the end was wrong.
type Row = [usize; COLUMNS.len() + 2];

impl Report {
    /// Reads the `index.json` that the suite has written into `dir`.
    pub(super) fn read(name: &str, dir: &Path) -> Result<Self> {
        let path = dir.join("index.json");
        let text = fs::read_to_string(&path).with_context(|| format!("{name}: cannot read {}", path.display()))?;
        Self::parse(name, &text).with_context(|| format!("{} is not a report of the suite", path.display()))
    }

    fn parse(name: &str, text: &str) -> Result<Self> {
        let index: Value = serde_json::from_str(text)?;
        let cases = index[AGENT].as_object().context("it is about somebody else")?;
        let verdicts = cases.iter().map(|(case, value)| {
            let word =
                |key: &str| value[key].as_str().map(str::to_owned).with_context(|| format!("{case} has no {key}"));
            Ok((Case::parse(case)?, Verdict { behavior: word("behavior")?, close: word("behaviorClose")? }))
        });
        Ok(Self { name: name.to_owned(), verdicts: verdicts.collect::<Result<_>>()? })
    }

    /// How many cases it is about.
    pub(super) fn len(&self) -> usize {
        self.verdicts.len()
    }

    /// The sections with how often each word was said, and the sums.
    pub(super) fn table(&self) -> String {
        let mut rows: BTreeMap<u32, Row> = BTreeMap::new();
        for (case, verdict) in &self.verdicts {
            let row = rows.entry(case.section()).or_default();
            row[verdict.column()] += 1;
            row[COLUMNS.len() + 1] += usize::from(verdict.is_wrong_end());
        }
        let mut table = "section".to_owned();
        for title in COLUMNS.iter().chain(&["FAILED", "wrong end"]) {
            let _ = write!(table, "  {title}");
        }
        let mut sums = Row::default();
        for (section, row) in &rows {
            sums.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
            table += &line(&section.to_string(), row);
        }
        table + &line("all", &sums)
    }
}

/// A line of the table, with each number below the end of its title.
fn line(name: &str, row: &Row) -> String {
    let widths = COLUMNS.iter().chain(&["FAILED", "wrong end"]).map(|title| title.len() + 2);
    let cells = row.iter().zip(widths).map(|(count, width)| format!("{count:>width$}"));
    format!("\n{name:>7}{}", cells.collect::<String>())
}

impl Case {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<_>, _>>();
        Ok(Self(numbers.with_context(|| format!("{text:?} is not a case"))?))
    }

    fn section(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
    }
}

impl Verdict {
    fn column(&self) -> usize {
        COLUMNS.iter().position(|word| *word == self.behavior).unwrap_or(COLUMNS.len())
    }

    fn is_wrong_end(&self) -> bool {
        !["OK", "INFORMATIONAL"].contains(&self.close.as_str())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.behavior, self.close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{"Tungsten": {
        "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000},
        "10.1.1": {"behavior": "UNCLEAN", "behaviorClose": "WRONG CODE"},
        "1.1.10": {"behavior": "NON-STRICT", "behaviorClose": "OK"}
    }}"#;

    #[test]
    fn cases_are_in_the_order_of_their_numbers() {
        let report = Report::parse("x", INDEX).unwrap();
        assert_eq!(report.verdicts.keys().map(Case::to_string).collect::<Vec<_>>(), ["1.1.1", "1.1.10", "10.1.1"]);
    }

    #[test]
    fn table_has_a_row_for_each_section_and_the_sums() {
        let table = Report::parse("x", INDEX).unwrap().table();
        let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["1", "1", "1", "0", "0", "0", "0"]);
        assert_eq!(rows[1], ["10", "0", "0", "0", "0", "1", "1"]);
        assert_eq!(rows[2], ["all", "1", "1", "0", "0", "1", "1"]);
    }

    #[test]
    fn report_about_somebody_else_is_an_error() {
        assert!(Report::parse("x", r#"{"Other": {}}"#).is_err());
    }
}
