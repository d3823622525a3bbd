//! Builds a package with cargo and finds what came out, wherever cargo was told to put it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::build::Profile;
use crate::process::{self, Event, Stream};
use crate::project;

/// An optimised build of everything from nothing takes some five minutes on two cores.
const LIMIT: Duration = Duration::from_secs(1200);

/// Builds the shared library of `package` and returns its path. Cargo's progress is seen.
pub(crate) fn library(package: &str, profile: Profile) -> Result<PathBuf> {
    build(package, &[], profile, "cdylib", shared_library)
}

/// Builds an example of `package` that is a shared library and returns its path. Cargo's progress is seen.
pub(crate) fn example(package: &str, name: &str, profile: Profile) -> Result<PathBuf> {
    build(package, &["--example", name], profile, "example", shared_library)
}

/// Builds the program of `package` and returns its path. Cargo's progress is seen.
pub(crate) fn program(package: &str, profile: Profile) -> Result<PathBuf> {
    build(package, &[], profile, "bin", executable)
}

/// Builds an example of `package` that is a program and returns its path. Cargo's progress is seen.
pub(crate) fn example_program(package: &str, name: &str, profile: Profile) -> Result<PathBuf> {
    build(package, &["--example", name], profile, "example", executable)
}

fn build(
    package: &str,
    target: &[&str],
    profile: Profile,
    kind: &str,
    file_of: impl Fn(&Value) -> Option<PathBuf>,
) -> Result<PathBuf> {
    let mut cargo = project::cargo();
    cargo.args(["build", "--package", package]).args(target).args(["--message-format", "json-render-diagnostics"]);
    cargo.args(profile.cargo_flag());
    let mut found = None;
    let status = process::watch(&mut cargo, &[Stream::Out], LIMIT, |event| {
        if let Event::Line(_, line) = event
            && let Ok(message) = serde_json::from_str::<Value>(&line)
            && is_artifact(&message, package, kind)
        {
            found = file_of(&message);
        }
    })?;
    ensure!(status.success(), "{package} does not build");
    found.with_context(|| format!("cargo built no {kind} for {package}"))
}

/// The library among the files of an artifact: on Windows there are an import library and debug symbols next to it.
fn shared_library(message: &Value) -> Option<PathBuf> {
    let mut files = message["filenames"].as_array()?.iter().filter_map(Value::as_str).map(PathBuf::from);
    files.find(|file| file.extension().is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION))
}

fn executable(message: &Value) -> Option<PathBuf> {
    message["executable"].as_str().map(PathBuf::from)
}

fn is_artifact(message: &Value, package: &str, kind: &str) -> bool {
    let kinds = message["target"]["kind"].as_array();
    message["reason"] == "compiler-artifact"
        && kinds.is_some_and(|kinds| kinds.iter().any(|found| found == kind))
        && message["manifest_path"].as_str().is_some_and(|path| {
            // Members are in folders named after the package without its prefix.
            let folder = package.trim_start_matches("tungsten-");
            path.replace('\\', "/").ends_with(&format!("/rust/{folder}/Cargo.toml"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn artifact_of_another_package_is_not_ours() {
        let message =
            |path: &str| json!({"reason": "compiler-artifact", "manifest_path": path, "target": {"kind": ["cdylib"]}});
        assert!(is_artifact(&message("/x/rust/godot/Cargo.toml"), "tungsten-godot", "cdylib"));
        assert!(!is_artifact(&message("/x/godot-core/Cargo.toml"), "tungsten-godot", "cdylib"));
        assert!(!is_artifact(&message("/x/rust/godot/Cargo.toml"), "tungsten-godot", "bin"));
    }
}
