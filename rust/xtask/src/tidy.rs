//! `cargo xtask tidy`: the conventions of this repository as a program. One line per finding, with file and line.

mod circle;
mod layout;
mod source;
mod waiting;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::test::Tally;

/// One place that breaks a convention.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: PathBuf,
    line: usize,
    text: String,
}

/// A convention.
struct Rule {
    name: &'static str,
    findings: fn() -> Result<Vec<Finding>>,
}

const RULES: [Rule; 10] = [
    Rule { name: "libraries of the addon are named alike, in lower case", findings: layout::library_names },
    Rule { name: "no file is a symbolic link", findings: layout::links },
    Rule { name: "the core does without the engine and without tokio", findings: layout::core_dependencies },
    Rule { name: "no file has more than 600 lines of code", findings: layout::long_files },
    Rule { name: "sockets, threads and clocks of the core are in net/", findings: layout::impure_core },
    Rule { name: "core and classes do without unwrap()", findings: layout::unwraps },
    Rule { name: "classes print through console.rs", findings: layout::prints },
    Rule { name: "the modules of the classes know each other in no circle", findings: circle::of_classes },
    Rule { name: "no test sleeps", findings: waiting::sleeps },
    Rule { name: "no test uses a fixed port", findings: waiting::fixed_ports },
];

/// Checks every convention.
///
/// # Errors
/// One is broken.
pub(crate) fn run() -> Result<()> {
    let tally = check()?;
    println!("{tally}");
    ensure!(tally.failed == 0, "conventions are broken");
    Ok(())
}

/// Checks every convention, prints what it finds, and counts each as a test.
pub(crate) fn check() -> Result<Tally> {
    RULES
        .iter()
        .map(|rule| {
            let findings = (rule.findings)()?;
            println!("{} ... {}", rule.name, if findings.is_empty() { "ok" } else { "FAILED" });
            for Finding { path, line, text } in &findings {
                println!("  {}:{line}: {text}", path.display());
            }
            Ok(Tally::of(findings.is_empty()))
        })
        .sum()
}
