//! `cargo xtask tidy`: the conventions of this repository that clippy cannot know. One line per finding, with file and
//! line.

mod circle;
mod source;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{MetadataCommand, Package};

use crate::test::Tally;
use crate::{gdextension, project};
use source::Source;

/// The crate that knows no engine.
const CORE: &str = "tungsten-core";

/// The longest file, in lines of code that are not tests.
const LONGEST: usize = 600;

/// How tests could let time pass.
const WAITS: [&str; 3] = ["thread::sleep", "OS.delay_", "create_timer"];

/// Tests that wait on purpose, each with the reason.
const MAY_WAIT: [(&str, &str); 1] =
    [("godot-project/tests/testkit.gd", "asks over a socket of its own while the game stands still")];

/// The hosts that tests talk to.
const HOSTS: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];

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

/// What the core does without: the engine, which only the classes know, and an async runtime, which would have threads
/// that nobody joins. `deny.toml` says so too, for those who have cargo-deny.
const NOT_OF_THE_CORE: [&str; 2] = ["godot", "tokio"];

const RULES: [Rule; 7] = [
    Rule { name: "the core does without the engine and without an async runtime", findings: needs_of_the_core },
    Rule { name: "libraries of the addon are named alike, in lower case", findings: library_names },
    Rule { name: "no file is a symbolic link", findings: links },
    Rule { name: "no file has more than 600 lines of code", findings: long_files },
    Rule { name: "the modules of the classes know each other in no circle", findings: circle::of_classes },
    Rule { name: "no test sleeps", findings: sleeps },
    Rule { name: "no test uses a fixed port", findings: fixed_ports },
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

/// Whatever the core is built with, directly or not.
fn needs_of_the_core() -> Result<Vec<Finding>> {
    let metadata = MetadataCommand::new().manifest_path(project::root().join("Cargo.toml")).exec()?;
    let graph = metadata.resolve.context("cargo resolves what it is asked about")?;
    let core = metadata.packages.iter().find(|package| *package.name == CORE).context("there is a core")?;
    let mut known = HashSet::from([&core.id]);
    let mut open = vec![&core.id];
    while let Some(id) = open.pop() {
        let node = graph.nodes.iter().find(|node| node.id == *id);
        open.extend(node.iter().flat_map(|node| &node.dependencies).filter(|id| known.insert(id)));
    }
    let needed = metadata.packages.iter().filter(|package| known.contains(&package.id));
    let wrong = needed.filter(|package| NOT_OF_THE_CORE.contains(&package.name.as_str()));
    let finding = |package: &Package| {
        let text = format!("{} is needed by {CORE}", package.name);
        Finding { path: "rust/core/Cargo.toml".into(), line: 1, text }
    };
    Ok(wrong.map(finding).collect())
}

/// `bin/libNAME.TAG.TAG.EXTENSION`, with the tags of the key, in lower case, and no library named twice.
fn library_names() -> Result<Vec<Finding>> {
    let text = gdextension::text()?;
    let path = gdextension::path();
    let path = path.strip_prefix(project::root()).unwrap_or(&path);
    let mut findings = Vec::new();
    let mut finding = |line, text: String| findings.push(Finding { path: path.to_owned(), line, text });
    let entries = gdextension::entries(&text);
    for (idx, entry) in entries.iter().enumerate() {
        let expected = library_name(&entry.tags);
        if entry.path != expected {
            finding(entry.line, format!("the library is {:?}; it should be {expected:?}", entry.path));
        }
        if entries[..idx].iter().any(|other| other.path == entry.path) {
            finding(entry.line, format!("{:?} is named twice", entry.path));
        }
    }
    if entries.is_empty() {
        finding(1, "no libraries are named".to_owned());
    }
    Ok(findings)
}

fn library_name(tags: &[String]) -> String {
    let (prefix, extension) = match tags.first().map(String::as_str) {
        Some("windows") => ("", "dll"),
        Some("macos") => ("lib", "dylib"),
        _ => ("lib", "so"),
    };
    format!("bin/{prefix}tungsten.{}.{extension}", tags.join(".")).to_lowercase()
}

/// A link is a file of text in a ZIP archive of this repository and in a checkout on Windows.
fn links() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut folders = vec![project::root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let (path, kind) = {
                let entry = entry?;
                (entry.path(), entry.file_type()?)
            };
            let path_here = path.strip_prefix(project::root()).unwrap_or(&path);
            // What is built and what git keeps is not part of the repository.
            if kind.is_dir() && path != project::target() && path_here != Path::new(".git") {
                folders.push(path);
            } else if kind.is_symlink() {
                let text = "a symbolic link".to_owned();
                findings.push(Finding { path: path_here.to_owned(), line: 1, text });
            }
        }
    }
    Ok(findings)
}

/// No file below `rust/*/src` has more than [`LONGEST`] lines of code, comments and blanks not counted, nor tests.
fn long_files() -> Result<Vec<Finding>> {
    let sources = source::all("rust", "rs")?.into_iter().filter(|source| source.path.contains("/src/"));
    let long = sources.filter_map(|source| {
        let count = source.lines.iter().filter(|line| !line.is_test).count();
        let text = format!("{count} lines of code; {LONGEST} are the most");
        (count > LONGEST).then(|| Finding { path: source.path.into(), line: 1, text })
    });
    Ok(long.collect())
}

/// A test waits for an event with a deadline, not for time to pass. Clippy has one list for a crate and its tests.
fn sleeps() -> Result<Vec<Finding>> {
    let mut tests = tests()?;
    tests.retain(|source| !MAY_WAIT.iter().any(|(path, _)| *path == source.path));
    Ok(findings_in(&tests, |code| {
        let wait = WAITS.into_iter().find(|wait| code.contains(wait))?;
        // The rules themselves name what they look for.
        (!code.contains(&format!("\"{wait}"))).then(|| format!("{wait} in a test"))
    }))
}

/// A test listens on port 0 and asks which port that became. Only addresses of this machine are looked at, in tests
/// with sockets: a URL that is merely parsed may have any port.
fn fixed_ports() -> Result<Vec<Finding>> {
    let mut tests = tests()?;
    tests.retain(|source| source.path.contains("/tests/"));
    Ok(findings_in(&tests, |code| fixed_port(code).map(|port| format!("fixed port {port}"))))
}

fn tests() -> Result<Vec<Source>> {
    let mut sources = source::all("rust", "rs")?;
    sources.extend(source::all("godot-project/tests", "gd")?);
    Ok(sources)
}

/// The lines of tests that `problem` says something about.
fn findings_in(sources: &[Source], problem: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let lines = sources.iter().flat_map(|source| source.lines.iter().map(move |line| (&source.path, line)));
    let tests = lines.filter(|(_, line)| line.is_test);
    let findings = tests
        .filter_map(|(path, line)| Some(Finding { path: path.into(), line: line.number, text: problem(&line.code)? }));
    findings.collect()
}

/// The first port that is written out after a loopback host. Those below 1024 do not count: no test can listen there,
/// they only stand in texts.
fn fixed_port(code: &str) -> Option<u16> {
    HOSTS.iter().find_map(|host| {
        code.match_indices(host).find_map(|(idx, _)| {
            let rest = &code[idx + host.len()..];
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok().filter(|port| *port >= 1024)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_is_named_after_its_tags() {
        let tags = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(library_name(&tags("linux.debug.x86_64")), "bin/libtungsten.linux.debug.x86_64.so");
        assert_eq!(library_name(&tags("windows.release.x86_64")), "bin/tungsten.windows.release.x86_64.dll");
        assert_eq!(library_name(&tags("macos.debug")), "bin/libtungsten.macos.debug.dylib");
    }

    #[test]
    fn port_that_is_written_out_is_found() {
        assert_eq!(fixed_port("bind(\"127.0.0.1:8080\")"), Some(8080));
        assert_eq!(fixed_port("\"ws://[::1]:9001/a\""), Some(9001));
    }

    #[test]
    fn port_that_is_asked_for_is_fine() {
        assert_eq!(fixed_port("bind(\"127.0.0.1:0\")"), None);
        assert_eq!(fixed_port("\"CONNECT localhost:1 HTTP/1.1\""), None);
        assert_eq!(fixed_port("format!(\"ws://127.0.0.1:{port}/\")"), None);
        assert_eq!(fixed_port("\"ws://localhost:%d\" % port"), None);
        assert_eq!(fixed_port("\"ws://localhost:99999\""), None);
    }
}
