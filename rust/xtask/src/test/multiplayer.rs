//! The layer in which a multiplayer session is held among four engines: a server and three clients, of which one comes
//! late. Servers and clients are of our class and of the engine's own, in every combination.
//!
//! What happens, and what each member must notice, is in `godot-project/tests/multiplayer/story.gd`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::engine::Rig;
use super::{Options, Tally, participant};
use crate::process::{Background, Lines, START_LIMIT};
use crate::transcript::Transcript;

/// Each member gives up on its own before this.
const LIMIT: Duration = Duration::from_secs(30);

/// What every member prints last if it has noticed what it must.
const SENTINEL: &str = "session held";

const SERVER: &str = "Server";

/// Whose class a member uses.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Engine,
    Tungsten,
}

/// A session, which is one test.
#[derive(Debug)]
struct Session {
    name: &'static str,
    server: Kind,
    clients: Kind,
}

/// The first one shows that it is the right story to tell.
const SESSIONS: [Session; 4] = [
    Session { name: "engine_server_engine_clients", server: Kind::Engine, clients: Kind::Engine },
    Session { name: "engine_server_own_clients", server: Kind::Engine, clients: Kind::Tungsten },
    Session { name: "own_server_engine_clients", server: Kind::Tungsten, clients: Kind::Engine },
    Session { name: "own_server_own_clients", server: Kind::Tungsten, clients: Kind::Tungsten },
];

/// Holds every session.
pub(super) fn layer(options: &Options) -> Result<Tally> {
    let is_wanted = |session: &&Session| options.filter.as_ref().is_none_or(|text| session.title().contains(text));
    let sessions: Vec<&Session> = SESSIONS.iter().filter(is_wanted).collect();
    if sessions.is_empty() {
        return Ok(Tally::default());
    }
    let rig = Rig::new(options.profile)?;
    println!("-- Godot {}, {} build", rig.version(), options.profile.tag());
    println!("1..{}", sessions.len());
    Ok(sessions.into_iter().enumerate().map(|(idx, session)| session.run(idx + 1, &rig)).sum())
}

impl Session {
    fn title(&self) -> String {
        format!("multiplayer::{}", self.name)
    }

    /// Holds the session and prints the result.
    fn run(&self, number: usize, rig: &Rig) -> Tally {
        let started = Instant::now();
        let complaints = self.hold(rig).unwrap_or_else(|error| vec![format!("{error:#}")]);
        participant::print(number, &self.title(), started.elapsed().as_secs_f32(), &complaints);
        Tally::of(complaints.is_empty())
    }

    /// Holds the session and returns what was wrong with it, and then what all have printed.
    fn hold(&self, rig: &Rig) -> Result<Vec<String>> {
        let mut members = vec![(SERVER, Background::start(&mut self.member(rig, SERVER)?)?)];
        if let Err(error) = self.invite(rig, &mut members) {
            let output: Vec<(&str, Lines)> = members.into_iter().map(|(who, member)| (who, member.kill())).collect();
            let told = output.iter().flat_map(|(who, lines)| participant::told(who, lines));
            let complaints = [format!("{error:#}")].into_iter().chain(told).collect();
            return Ok(participant::with_output(complaints, output.iter().map(|(who, lines)| (*who, lines))));
        }
        let mut complaints = Vec::new();
        let mut output = Vec::new();
        for (who, member) in members {
            let transcript = Transcript::of(member, LIMIT);
            complaints.extend(participant::judge(who, &transcript, Some(SENTINEL)));
            output.push((who, transcript.lines));
        }
        Ok(participant::with_output(complaints, output.iter().map(|(who, lines)| (*who, lines))))
    }

    /// Lets the clients come when the server is ready for them.
    fn invite(&self, rig: &Rig, members: &mut Vec<(&'static str, Background)>) -> Result<()> {
        let port = format!("--port={}", members[0].1.wait_for("ready", START_LIMIT)?);
        for who in ["Ada", "Ben"] {
            members.push((who, Background::start(self.member(rig, who)?.arg(&port))?));
        }
        members[0].1.wait_for("room", START_LIMIT)?;
        members.push(("Cleo", Background::start(self.member(rig, "Cleo")?.arg(&port))?));
        Ok(())
    }

    fn member(&self, rig: &Rig, who: &str) -> Result<Command> {
        let class = match if who == SERVER { self.server } else { self.clients } {
            Kind::Engine => "WebSocketMultiplayerPeer",
            Kind::Tungsten => "TungstenWebSocketMultiplayerPeer",
        };
        let mut command = rig.command_beside(who)?;
        command.args(["--script", "res://tests/multiplayer/member.gd", "--"]);
        command.args([format!("--class={class}"), format!("--who={who}")]);
        Ok(command)
    }
}
