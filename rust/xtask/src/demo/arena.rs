//! `cargo xtask demo arena`: a server without a window and two clients, each in an engine of its own.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{LIMIT, engine};
use crate::godot::Godot;
use crate::process::{Background, START_LIMIT};
use crate::stage::Stage;
use crate::transcript::Transcript;

/// What each engine prints last when it has seen what there is to see.
const SENTINEL: &str = "arena: ok";

/// Lets two bots play until each has seen the other one move; with windows, lets players play until they close them.
pub(super) fn show(godot: &Godot, stage: &Stage, windowed: bool) -> Result<()> {
    let mut command = arena(godot, stage, "server", false)?;
    command.args(["--server", "--port=0"]).args((!windowed).then_some("--self-test"));
    let mut server = Background::start(&mut command)?;
    let address = format!("--address=ws://127.0.0.1:{}", server.wait_for("ready", START_LIMIT)?);
    let mut clients = Vec::new();
    for name in ["ada", "ben"] {
        let mut command = arena(godot, stage, name, windowed)?;
        command.arg(&address).args((!windowed).then_some("--self-test"));
        clients.push((name, command));
    }
    if windowed { play(clients) } else { test(server, clients) }
}

/// Until all windows are closed. The server ends with this.
fn play(clients: Vec<(&str, Command)>) -> Result<()> {
    let started: Result<Vec<_>> =
        clients.into_iter().map(|(_, mut command)| command.spawn().context("cannot run Godot")).collect();
    for mut client in started? {
        let status = client.wait()?;
        ensure!(status.success(), "a client ended with {status}");
    }
    Ok(())
}

fn test(server: Background, clients: Vec<(&str, Command)>) -> Result<()> {
    let mut members = Vec::new();
    for (name, mut command) in clients {
        members.push((name, Background::start(&mut command)?));
    }
    members.push(("server", server));
    for (name, member) in members {
        let transcript = Transcript::of(member, LIMIT);
        println!("{name}:");
        transcript.print();
        transcript.check(&format!("{name} failed"), SENTINEL)?;
    }
    println!("{SENTINEL}");
    Ok(())
}

/// The engine of this name with the arena; the caller adds arguments for it.
fn arena(godot: &Godot, stage: &Stage, name: &str, windowed: bool) -> Result<Command> {
    let mut command = engine(godot, stage, "res://demo/arena/arena.tscn", windowed)?;
    command.envs(stage.new_homes_of(&format!("home-of-{name}"))?).arg("--");
    Ok(command)
}
