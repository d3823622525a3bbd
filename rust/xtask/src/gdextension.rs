//! Reads `tungsten.gdextension`, the one place that names the libraries.

use std::env::consts;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::build::Profile;
use crate::project;

/// One line of the section `[libraries]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Features of the engine that must all be there, such as `linux`, `debug` and `x86_64`.
    pub(crate) tags: Vec<String>,
    /// The library, relative to the file that names it.
    pub(crate) path: String,
    /// Where the entry is in the file, counted from 1.
    pub(crate) line: usize,
}

/// The file that tells the engine about the extension.
pub(crate) fn path() -> PathBuf {
    project::addon().join("tungsten.gdextension")
}

/// The text of the file.
pub(crate) fn text() -> Result<String> {
    let path = path();
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The section `[libraries]` of `text`.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut section = "";
    let mut entries = Vec::new();
    for (idx, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[libraries]"
            && !line.starts_with(';')
            && let Some((key, value)) = line.split_once('=')
        {
            let tags = key.trim().split('.').map(str::to_owned).collect();
            entries.push(Entry { tags, path: value.trim().trim_matches('"').to_owned(), line: idx + 1 });
        }
    }
    entries
}

/// The entry that an engine of this machine takes: all tags fit, and of those it has the most.
pub(crate) fn for_this_machine(entries: &[Entry], profile: Profile) -> Result<&Entry> {
    let arch = if consts::ARCH == "aarch64" { "arm64" } else { consts::ARCH };
    pick(entries, [consts::OS, profile.tag(), arch])
        .with_context(|| format!("no library for {} {} in {}", consts::OS, arch, path().display()))
}

fn pick<'a>(entries: &'a [Entry], features: [&str; 3]) -> Option<&'a Entry> {
    let fits = |entry: &&Entry| entry.tags.iter().all(|tag| features.contains(&tag.as_str()));
    entries.iter().filter(fits).max_by_key(|entry| entry.tags.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[configuration]
reloadable = true
[libraries]
; none = \"yet\"
macos.debug = \"bin/libx.macos.debug.dylib\"
linux.debug = \"bin/libx.linux.debug.so\"
linux.debug.arm64 = \"bin/libx.linux.debug.arm64.so\"
[icons]
X = \"icons/x.svg\"
";

    #[test]
    fn entries_are_those_of_the_section_libraries() {
        let entries = entries(TEXT);
        let lines: Vec<_> = entries.iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [5, 6, 7]);
        assert_eq!(entries[0].tags, ["macos", "debug"]);
        assert_eq!(entries[0].path, "bin/libx.macos.debug.dylib");
    }

    #[test]
    fn entry_with_the_most_fitting_tags_wins() {
        let entries = entries(TEXT);
        assert_eq!(pick(&entries, ["linux", "debug", "arm64"]).map(|entry| entry.line), Some(7));
        assert_eq!(pick(&entries, ["linux", "debug", "x86_64"]).map(|entry| entry.line), Some(6));
        assert_eq!(pick(&entries, ["windows", "debug", "x86_64"]), None);
    }
}
