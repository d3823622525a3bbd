//! Builds a package with cargo and finds what came out, wherever cargo was told to put it.

use std::env::consts::DLL_EXTENSION;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Artifact, Message};

use crate::build::Profile;
use crate::process::{self, Event, Stream};
use crate::project;

/// An optimised build of everything from nothing takes some five minutes on two cores.
const LIMIT: Duration = Duration::from_secs(1200);

/// Builds the shared library of a package, or of one of its `example`s, and returns its path. Cargo's progress is seen.
pub(crate) fn library(package: &str, example: Option<&str>, profile: Profile) -> Result<PathBuf> {
    let built = build(package, example, profile)?;
    // On Windows there are an import library and debug symbols next to it.
    let library = built.filenames.into_iter().find(|file| file.extension() == Some(DLL_EXTENSION));
    Ok(library.with_context(|| format!("{package} is no shared library"))?.into())
}

/// Builds the program of a package, or one of its `example`s, and returns its path. Cargo's progress is seen.
pub(crate) fn program(package: &str, example: Option<&str>, profile: Profile) -> Result<PathBuf> {
    let built = build(package, example, profile)?;
    Ok(built.executable.with_context(|| format!("{package} is no program"))?.into())
}

fn build(package: &str, example: Option<&str>, profile: Profile) -> Result<Artifact> {
    let mut cargo = project::cargo();
    cargo.args(["build", "--package", package, "--message-format", "json-render-diagnostics"]);
    cargo.args(example.into_iter().flat_map(|name| ["--example", name])).args(profile.cargo_flag());
    let mut last = None;
    let status = process::watch(&mut cargo, &[Stream::Out], LIMIT, |event| {
        if let Event::Line(_, line) = event
            && let Ok(Message::CompilerArtifact(artifact)) = serde_json::from_str(&line)
        {
            // What was asked for comes after all that it needs.
            last = Some(artifact);
        }
    })?;
    ensure!(status.success(), "{package} does not build");
    last.with_context(|| format!("cargo built nothing for {package}"))
}
