//! Source files as the rules look at them: which lines are code, and which of those are tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Finding;
use crate::project;

/// A line of code: no blank, no comment.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// Without a comment at its end.
    pub(super) code: String,
    /// Whether it only exists in tests.
    pub(super) is_test: bool,
}

/// A Rust or GDScript file.
#[derive(Debug)]
pub(super) struct Source {
    /// Relative to the workspace, with `/` everywhere.
    pub(super) path: String,
    pub(super) lines: Vec<Line>,
}

impl Source {
    /// The findings in lines that `is_wanted` picks and that `problem` says something about.
    pub(super) fn findings(
        &self,
        is_wanted: impl Fn(&Line) -> bool,
        problem: impl Fn(&str) -> Option<String>,
    ) -> Vec<Finding> {
        let lines = self.lines.iter().filter(|line| is_wanted(line));
        lines
            .filter_map(|line| {
                Some(Finding { path: self.path.clone().into(), line: line.number, text: problem(&line.code)? })
            })
            .collect()
    }
}

/// Every Rust file below `folder`, which is relative to the workspace.
pub(super) fn rust(folder: &str) -> Result<Vec<Source>> {
    read(folder, "rs", rust_lines)
}

/// Every GDScript file below `folder`, which is relative to the workspace.
pub(super) fn gdscript(folder: &str) -> Result<Vec<Source>> {
    read(folder, "gd", gdscript_lines)
}

fn read(folder: &str, extension: &str, parse: impl Fn(&str, &str) -> Vec<Line>) -> Result<Vec<Source>> {
    let root = project::root();
    let mut paths = Vec::new();
    walk(&root.join(folder), extension, &mut paths)?;
    paths.sort();
    let sources = paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Ok(Source { lines: parse(&path, &text), path })
    });
    sources.collect()
}

fn walk(dir: &Path, extension: &str, paths: &mut Vec<PathBuf>) -> Result<()> {
    // A folder that is not there yet has no files that break a rule.
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.is_dir() && !path.is_symlink() && !path.ends_with("target") {
            walk(&path, extension, paths)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Relies on rustfmt: an item at some depth ends with a brace at the same depth.
fn rust_lines(path: &str, text: &str) -> Vec<Line> {
    let whole_file = path.contains("/tests/") || path.ends_with("/tests.rs");
    let mut lines = Vec::new();
    // The end of the item that follows `#[cfg(test)]`, once that attribute was seen.
    let mut test_end: Option<String> = None;
    for (idx, line) in text.lines().enumerate() {
        if test_end.is_none() && line.trim() == "#[cfg(test)]" {
            let depth = line.len() - line.trim_start().len();
            test_end = Some(" ".repeat(depth) + "}");
        }
        let is_test = whole_file || test_end.is_some();
        if test_end.as_ref().is_some_and(|end| line == end || is_short_item(line, end)) {
            test_end = None;
        }
        let code = line.split("//").next().unwrap_or_default();
        if !code.trim().is_empty() {
            // An address such as `ws://` is not where a comment starts.
            let code = if line.contains("://") && !line.trim_start().starts_with("//") { line } else { code };
            lines.push(Line { number: idx + 1, code: code.to_owned(), is_test });
        }
    }
    lines
}

/// Whether `line` is a whole item, such as `mod tests;`, at the depth of the brace `end`.
fn is_short_item(line: &str, end: &str) -> bool {
    let depth = end.len() - 1;
    let is_at_depth = line.len() - line.trim_start().len() == depth;
    is_at_depth && (line.ends_with(';') || line.ends_with('}')) && !line.trim_start().starts_with("#[")
}

fn gdscript_lines(_path: &str, text: &str) -> Vec<Line> {
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    lines.map(|(idx, line)| Line { number: idx + 1, code: line.to_owned(), is_test: true }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests_of(text: &str) -> Vec<usize> {
        let lines = rust_lines("rust/x/src/x.rs", text).into_iter();
        lines.filter(|line| line.is_test).map(|line| line.number).collect()
    }

    #[test]
    fn module_of_tests_ends_at_its_brace() {
        assert_eq!(
            tests_of("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n"),
            [2, 3, 4, 5, 6]
        );
        assert_eq!(tests_of("#[cfg(test)]\nmod tests;\nfn c() {}\n"), [1, 2]);
        assert_eq!(tests_of("impl A {\n    #[cfg(test)]\n    fn b() {\n    }\n    fn c() {}\n}\n"), [2, 3, 4]);
    }

    #[test]
    fn file_of_tests_is_all_tests() {
        assert!(rust_lines("rust/x/src/x/tests.rs", "fn a() {}\n")[0].is_test);
        assert!(rust_lines("rust/x/tests/dial.rs", "fn a() {}\n")[0].is_test);
    }

    #[test]
    fn comment_is_not_code_but_an_address_is() {
        let lines = rust_lines("a.rs", "/// See ws://x.\nlet a = 1; // one\nlet b = \"ws://x\";\n");
        assert_eq!(
            lines.iter().map(|line| line.code.as_str()).collect::<Vec<_>>(),
            ["let a = 1; ", "let b = \"ws://x\";"]
        );
    }
}
