//! `cargo xtask autobahn`: what the Autobahn test suite says of our clients and servers, compared with what it is known
//! to say. `interop/README.md` has more.

mod expected;
mod report;
mod subject;
mod suite;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::cache::remove;
use crate::{parallel, project};
use expected::Expected;
use report::Report;
use subject::Subject;
use suite::Suite;

/// All that the suite has.
const CASES: usize = 517;

/// Some of what compression is tested with, for when the whole takes too long: each kind of data and each set of
/// parameters, and messages of all sizes.
const SAMPLE: [&str; 12] = [
    "12.1.3", "12.2.6", "12.3.9", "12.4.12", "12.5.18", "13.1.3", "13.2.6", "13.3.9", "13.4.12", "13.5.1", "13.6.15",
    "13.7.18",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Test this end only.
    role: Option<Role>,
    /// Test the core only.
    #[arg(long, conflicts_with = "engine")]
    core: bool,
    /// Test what runs in the engine only.
    #[arg(long)]
    engine: bool,
    /// Run these cases only, such as `6.4.*`.
    #[arg(long, num_args = 1.., value_name = "PATTERN", value_parser = parse_pattern, conflicts_with = "sample")]
    cases: Vec<String>,
    /// Run only a few of the cases about compression, which take longest.
    #[arg(long)]
    sample: bool,
    /// Make what the suite says now what is expected of the cases that run.
    #[arg(long)]
    accept: bool,
}

/// The end of a connection that is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    Client,
    Server,
}

/// Runs the suite and prints a table for each subject.
///
/// # Errors
/// It said something else than what is expected, or could not be run.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let suite = Suite::open_or_fetch()?;
    let mut subjects = Vec::new();
    if !flags.engine {
        subjects.push(Subject::core()?);
    }
    if !flags.core {
        subjects.push(Subject::engine()?);
    }
    let expected = Expected::read()?;
    let (roles, patterns) = (flags.role.map_or(vec![Role::Client, Role::Server], |role| vec![role]), flags.patterns());
    let mut reports = Vec::new();
    for subject in &subjects {
        // At a time: the suite keeps one processor busy with each.
        reports.extend(parallel::map(&roles, |_, role| trial(&suite, subject, *role, &patterns)));
    }
    let reports = reports.into_iter().collect::<Result<Vec<_>>>()?;
    if flags.accept {
        return expected.accept(&reports);
    }
    ensure!(expected.len() == CASES, "{} knows {} cases instead of {CASES}", expected::FILE, expected.len());
    let differences: Vec<_> = reports.iter().flat_map(|report| expected.differences(report)).collect();
    for difference in &differences {
        println!("{difference}");
    }
    ensure!(differences.is_empty(), "{} cases are not as {} says", differences.len(), expected::FILE);
    Ok(())
}

/// One run of the suite.
fn trial(suite: &Suite, subject: &Subject, role: Role, patterns: &[String]) -> Result<Report> {
    let name = format!("{}-{}", subject.name(), role.name());
    let dir = project::target().join("autobahn/reports").join(&name);
    remove(&dir)?;
    fs::create_dir_all(&dir)?;
    println!("== {name}: {}", subject.version());
    let started = Instant::now();
    let announced = match role {
        Role::Client => test_client(suite, subject, patterns, &dir),
        Role::Server => test_server(suite, subject, patterns, &dir),
    };
    let announced = announced.with_context(|| format!("{name} could not be tested"))?;
    ensure!(announced > 0, "the suite has no case {}", patterns.join(", "));
    let report = Report::read(&name, &dir)?;
    let seconds = started.elapsed().as_secs_f32();
    let (table, page) = (report.table(), dir.join("index.html"));
    println!("{name}:\n{table}\n{} cases in {seconds:.1} s; {}", report.len(), page.display());
    let wanted = if patterns == ["*"] { CASES } else { announced };
    ensure!(report.len() == wanted, "{name}: the suite has told of {} cases instead of {wanted}", report.len());
    Ok(report)
}

/// The suite is the server. Returns how many cases it has announced.
fn test_client(suite: &Suite, subject: &Subject, patterns: &[String], dir: &Path) -> Result<usize> {
    let server = suite.serve(patterns, dir)?;
    let visited = subject.visit(&server.urls());
    let count = server.count();
    server.end();
    visited.map(|()| count)
}

/// The suite is the client. Returns how many cases it has announced.
fn test_server(suite: &Suite, subject: &Subject, patterns: &[String], dir: &Path) -> Result<usize> {
    let server = subject.serve()?;
    let count = suite.visit(server.port(), patterns, dir);
    server.end()?;
    count
}

impl Flags {
    /// Which cases to run, in the form that the suite understands.
    fn patterns(&self) -> Vec<String> {
        if self.sample {
            let whole_sections = (1..=10).map(|section| format!("{section}.*"));
            return whole_sections.chain(SAMPLE.map(str::to_owned)).collect();
        }
        if self.cases.is_empty() { vec!["*".to_owned()] } else { self.cases.clone() }
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// Refuses what is meant to be another argument: it would be taken for one more pattern.
fn parse_pattern(text: &str) -> Result<String> {
    let is_pattern = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '*');
    ensure!(is_pattern, "cases have numbers, such as 6.4.1 or 6.4.*");
    Ok(text.to_owned())
}
