//! `cargo xtask demo`: run the demo scene in Godot against an echo server, first with `ws://`, then with `wss://`; or
//! the scene `chat`, which has a server of its own, or `arena`, which has one in another engine.

mod arena;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::build::Profile;
use crate::godot::{self, Godot};
use crate::project;
use crate::stage::Stage;
use crate::testkit::Testkit;
use crate::transcript::Transcript;

/// The demo ends by itself within seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// What the demo prints last when all went well.
const SENTINEL: &str = "demo: ok";

/// The same of the chat.
const CHAT_SENTINEL: &str = "chat: ok";

/// What there is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scene {
    /// A multiplayer game: a server and two clients, each in an engine of its own. Without windows, bots play.
    Arena,
    /// A chat: a server and two clients. In a window it runs until that is closed, else it plays a test of its own.
    Chat,
    /// A client that talks to an echo server.
    Echo,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// What to show.
    #[arg(value_enum, default_value = "echo")]
    scene: Scene,
    /// Talk to the echo server at this address instead of one of our own.
    #[arg(long)]
    url: Option<String>,
    /// Open a window.
    #[arg(long)]
    windowed: bool,
    /// Run what players get.
    #[arg(long)]
    release: bool,
}

/// One run of the demo.
#[derive(Debug)]
struct Call {
    url: String,
    /// The certificates to trust, as a file; those of the system if none.
    ca: Option<PathBuf>,
}

/// Runs the demo and shows what it prints.
///
/// # Errors
/// A run did not end with code 0 in time, did not print that all went well last, or has reported an error or a leak.
pub(crate) fn run(flags: Flags) -> Result<()> {
    ensure!(flags.scene == Scene::Echo || flags.url.is_none(), "only the echo demo can use another server");
    let godot = godot::find_or_fetch()?;
    let stage = Stage::new(&project::godot_project(), Profile::new(flags.release))?;
    match flags.scene {
        Scene::Arena => return arena::show(&godot, &stage, flags.windowed),
        Scene::Chat => return chat(&godot, &stage, flags.windowed),
        Scene::Echo => (),
    }
    if let Some(url) = &flags.url {
        return show(&godot, &stage, &Call { url: url.clone(), ca: None }, flags.windowed);
    }
    let ca = stage.file("ca.pem");
    let (_testkit, line) = Testkit::start(&["echo", "--ca-file", &ca.to_string_lossy()])?;
    for call in calls(&line)? {
        show(&godot, &stage, &call, flags.windowed)?;
    }
    Ok(())
}

/// The runs for the echo server that has announced itself with `line`.
fn calls(line: &str) -> Result<[Call; 2]> {
    let says = || format!("tungsten-testkit said {line:?} instead of where its echo server is");
    let server: Value = serde_json::from_str(line).with_context(says)?;
    let field = |name: &str| server[name].as_str().map(str::to_owned).with_context(says);
    Ok([Call { url: field("ws")?, ca: None }, Call { url: field("wss")?, ca: Some(field("ca")?.into()) }])
}

/// Shows the chat until its window is closed; without a window, its test.
fn chat(godot: &Godot, stage: &Stage, windowed: bool) -> Result<()> {
    let mut command = engine(godot, stage, "res://demo/chat/chat.tscn", windowed)?;
    if windowed {
        return watch(&mut command, "the chat");
    }
    command.args(["--", "--self-test"]);
    check(&mut command, "the chat failed", CHAT_SENTINEL)
}

fn show(godot: &Godot, stage: &Stage, call: &Call, windowed: bool) -> Result<()> {
    println!("demo: {}", call.url);
    let mut command = engine(godot, stage, "res://demo/demo.tscn", windowed)?;
    command.arg("--").arg(format!("--url={}", call.url));
    if let Some(ca) = &call.ca {
        command.arg(format!("--ca={}", ca.display()));
    }
    if windowed {
        return watch(&mut command, "the demo");
    }
    check(&mut command, &format!("the demo failed with {}", call.url), SENTINEL)
}

/// The engine with a scene of the project; arguments for the scene come behind a `--`.
fn engine(godot: &Godot, stage: &Stage, scene: &str, windowed: bool) -> Result<Command> {
    let mut command = godot.command();
    command.envs(stage.new_homes()?);
    if windowed {
        command.args(["--rendering-driver", "opengl3"]);
    } else {
        command.arg("--headless");
    }
    command.arg("--path").arg(stage.project()).arg(scene);
    Ok(command)
}

/// Runs a scene in a window. What the engine says of the graphics and the sound of a machine is no failure.
fn watch(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().context("cannot run Godot")?;
    ensure!(status.success(), "{what} ended with {status}");
    Ok(())
}

/// Runs a scene that ends by itself, and prints `sentinel` last if all went well.
fn check(command: &mut Command, failure: &str, sentinel: &str) -> Result<()> {
    Transcript::record(command, LIMIT, true).check(failure, sentinel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcement_gives_a_plain_and_a_trusted_run() {
        let line = r#"{"ws": "ws://127.0.0.1:1", "wss": "wss://localhost:2", "ca": "/x/ca.pem"}"#;
        let [plain, secure] = calls(line).unwrap();
        assert_eq!((plain.url.as_str(), plain.ca), ("ws://127.0.0.1:1", None));
        assert_eq!((secure.url.as_str(), secure.ca), ("wss://localhost:2", Some("/x/ca.pem".into())));
    }

    #[test]
    fn announcement_without_an_address_is_an_error() {
        assert!(calls("{}").is_err());
        assert!(calls("ready 1").is_err());
    }
}
