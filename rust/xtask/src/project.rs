//! Where things are in this repository.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable when it runs us; the value of compile time serves when the binary is started directly.
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let here = Path::new(&manifest);
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The folder of the Godot project that holds the demo and the tests.
pub(crate) fn godot_project() -> PathBuf {
    root().join("godot-project")
}

/// The folder a user copies into a game.
pub(crate) fn addon() -> PathBuf {
    root().join("addons/tungsten")
}

/// The copy of [`addon`] in the Godot project, which `cargo xtask build` makes.
pub(crate) fn addon_copy() -> PathBuf {
    godot_project().join("addons/tungsten")
}

/// The folder cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that runs us, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}
