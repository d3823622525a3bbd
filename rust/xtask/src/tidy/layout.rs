//! What belongs where.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::{Finding, source};
use crate::{gdextension, process, project};

/// The longest file, in lines of code that are not tests.
const LONGEST: usize = 600;

/// Asking cargo for dependencies may have to read the index first.
const TREE_LIMIT: Duration = Duration::from_secs(120);

/// What makes code depend on more than its arguments.
const IMPURE: [&str; 5] = ["std::net::TcpStream", "mio::", "std::thread", "Instant::now", "SystemTime"];

/// `bin/libNAME.TAG.TAG.EXTENSION`, with the tags of the key, in lower case, and no library named twice.
pub(super) fn library_names() -> Result<Vec<Finding>> {
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
pub(super) fn links() -> Result<Vec<Finding>> {
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

/// Neither `godot` nor `tokio` is in the tree of `tungsten-core`.
pub(super) fn core_dependencies() -> Result<Vec<Finding>> {
    let mut cargo = project::cargo();
    cargo.args(["tree", "--package", "tungsten-core", "--edges", "normal", "--prefix", "none"]);
    let tree = process::capture(&mut cargo, TREE_LIMIT)?;
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let unwanted = names.filter(|name| *name == "godot" || name.starts_with("godot-") || *name == "tokio");
    let text = |name: &str| format!("the core depends on {name}; see `cargo tree -p tungsten-core -i {name}`");
    Ok(unwanted.map(|name| Finding { path: "rust/core/Cargo.toml".into(), line: 1, text: text(name) }).collect())
}

/// No file below `rust/*/src` has more than [`LONGEST`] lines of code, comments and blanks not counted, nor tests.
pub(super) fn long_files() -> Result<Vec<Finding>> {
    let sources = source::rust("rust")?.into_iter().filter(|source| source.path.contains("/src/"));
    let long = sources.filter_map(|source| {
        let count = source.lines.iter().filter(|line| !line.is_test).count();
        let text = format!("{count} lines of code; {LONGEST} are the most");
        (count > LONGEST).then(|| Finding { path: source.path.into(), line: 1, text })
    });
    Ok(long.collect())
}

/// Outside of `net/`, bytes and the time come in as arguments.
pub(super) fn impure_core() -> Result<Vec<Finding>> {
    let sources = source::rust("rust/core/src")?.into_iter();
    let pure = sources
        .filter(|source| !source.path.starts_with("rust/core/src/net/") && source.path != "rust/core/src/net.rs");
    let findings = pure.flat_map(|source| {
        source.findings(
            |line| !line.is_test,
            |code| {
                let word = IMPURE.into_iter().find(|word| code.contains(word))?;
                Some(format!("{word} outside of net/"))
            },
        )
    });
    Ok(findings.collect())
}

/// What cannot fail is shown to the compiler or explained by `expect`.
pub(super) fn unwraps() -> Result<Vec<Finding>> {
    let mut sources = source::rust("rust/core/src")?;
    sources.extend(source::rust("rust/godot/src")?);
    let findings = sources.iter().flat_map(|source| {
        source.findings(|line| !line.is_test, |code| code.contains(".unwrap()").then(|| "unwrap()".to_owned()))
    });
    Ok(findings.collect())
}

/// What is printed at once is heard by scripts while an object is borrowed.
pub(super) fn prints() -> Result<Vec<Finding>> {
    const MACROS: [&str; 4] = ["godot_error!", "godot_warn!", "godot_print!", "print_custom("];
    let mut sources = source::rust("rust/godot/src")?;
    sources.retain(|source| !source.path.ends_with("console.rs"));
    let findings = sources.iter().flat_map(|source| {
        source.findings(
            |line| !line.is_test,
            |code| MACROS.iter().find(|name| code.contains(*name)).map(|name| format!("{name} outside of console.rs")),
        )
    });
    Ok(findings.collect())
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
}
