//! Source files as the rules look at them: which lines are code, and which of those are tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project;

/// A line of code: no blank, no comment.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) code: String,
    /// Whether it only exists in tests.
    pub(super) is_test: bool,
}

#[derive(Debug)]
pub(super) struct Source {
    /// Relative to the workspace, with `/` everywhere.
    pub(super) path: String,
    pub(super) lines: Vec<Line>,
}

/// Every file with this ending below `folder`, which is relative to the workspace.
pub(super) fn all(folder: &str, extension: &str) -> Result<Vec<Source>> {
    let root = project::root();
    let mut paths = Vec::new();
    walk(&root.join(folder), extension, &mut paths)?;
    paths.sort();
    let sources = paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Ok(Source { lines: lines(&path, &text), path })
    });
    sources.collect()
}

fn walk(dir: &Path, extension: &str, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.is_dir() && !path.is_symlink() && !path.ends_with("target") {
            walk(&path, extension, paths)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Tests are files of their own, or a module at the end of a file.
fn lines(path: &str, text: &str) -> Vec<Line> {
    let mut is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    let comment = if path.ends_with(".gd") { "#" } else { "//" };
    let mut lines = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        is_test |=
            line.starts_with("#[cfg(") && line.contains("test") && text.lines().nth(idx + 1) == Some("mod tests {");
        if !line.trim().is_empty() && !line.trim_start().starts_with(comment) {
            lines.push(Line { number: idx + 1, code: line.to_owned(), is_test });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_at_the_end_of_a_file() {
        let text = "#[cfg(test)]\nuse a;\nfn a() {}\n\n#[cfg(all(test, unix))]\nmod tests {\n    fn b() {}\n}\n";
        let tests: Vec<_> = lines("rust/x/src/x.rs", text).iter().map(|line| (line.number, line.is_test)).collect();
        assert_eq!(tests, [(1, false), (2, false), (3, false), (5, true), (6, true), (7, true), (8, true)]);
    }

    #[test]
    fn file_of_tests_is_all_tests() {
        assert!(lines("rust/x/src/x/tests.rs", "fn a() {}\n")[0].is_test);
        assert!(lines("rust/x/tests/dial.rs", "fn a() {}\n")[0].is_test);
        assert!(lines("godot-project/tests/suite.gd", "func a():\n")[0].is_test);
    }

    #[test]
    fn comment_is_no_code() {
        let code = |path, text| lines(path, text).iter().map(|line| line.number).collect::<Vec<_>>();
        assert_eq!(code("a.rs", "/// See ws://x.\nlet a = 1; // one\n\nlet b = \"ws://x\";\n"), [2, 4]);
        assert_eq!(code("a.gd", "## See.\nvar a := 1\n"), [2]);
    }
}
