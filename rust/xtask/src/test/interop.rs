//! The layer that talks to programs of other people; `interop/README.md` says with whom and about what.

mod bed;
mod browser;
mod conversation;
mod godot3;
mod nginx;
mod node;
mod python;

use std::time::Instant;

use anyhow::Result;

use super::{Options, Tally, participant};
use crate::parallel;
use bed::Bed;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    /// Chromium's own WebSocket.
    Browser,
    /// The classes of Godot 3.
    Godot3,
    /// `ws` on Node.js.
    Node,
    /// `websockets` on Python.
    Python,
    /// Ours, in Godot.
    Tungsten,
}

/// How the client gets to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// `ws://`.
    Plain,
    /// `wss://` to nginx, which passes it on as `ws://`.
    Proxied,
    /// `wss://`.
    Secure,
}

/// A conversation, which is one test.
#[derive(Debug)]
struct Case {
    name: &'static str,
    server: Speaker,
    client: Speaker,
    route: Route,
    /// How Tungsten compresses, if that is what the conversation is about; as the option of its scripts says it.
    compression: Option<&'static str>,
}

const CASES: [Case; 25] = [
    Case::new("node_server_ws", Speaker::Node, Speaker::Tungsten, Route::Plain),
    Case::new("node_server_wss", Speaker::Node, Speaker::Tungsten, Route::Secure),
    Case::new("node_client_ws", Speaker::Tungsten, Speaker::Node, Route::Plain),
    Case::new("node_client_wss", Speaker::Tungsten, Speaker::Node, Route::Secure),
    Case::new("python_server_ws", Speaker::Python, Speaker::Tungsten, Route::Plain),
    Case::new("python_server_wss", Speaker::Python, Speaker::Tungsten, Route::Secure),
    Case::new("python_client_ws", Speaker::Tungsten, Speaker::Python, Route::Plain),
    Case::new("python_client_wss", Speaker::Tungsten, Speaker::Python, Route::Secure),
    Case::new("godot3_server", Speaker::Godot3, Speaker::Tungsten, Route::Plain),
    Case::new("godot3_server_wss", Speaker::Godot3, Speaker::Tungsten, Route::Secure),
    Case::new("godot3_client", Speaker::Tungsten, Speaker::Godot3, Route::Plain),
    Case::new("godot3_client_wss", Speaker::Tungsten, Speaker::Godot3, Route::Secure),
    Case::new("nginx_own_client", Speaker::Tungsten, Speaker::Tungsten, Route::Proxied),
    Case::new("nginx_node_client", Speaker::Tungsten, Speaker::Node, Route::Proxied),
    Case::new("nginx_python_client", Speaker::Tungsten, Speaker::Python, Route::Proxied),
    Case::about_compression("node_server_enabled", Speaker::Node, Speaker::Tungsten, "enabled"),
    Case::about_compression("node_server_takeover", Speaker::Node, Speaker::Tungsten, "takeover"),
    Case::about_compression("node_client_enabled", Speaker::Tungsten, Speaker::Node, "enabled"),
    Case::about_compression("node_client_takeover", Speaker::Tungsten, Speaker::Node, "takeover"),
    Case::about_compression("python_server_enabled", Speaker::Python, Speaker::Tungsten, "enabled"),
    Case::about_compression("python_server_takeover", Speaker::Python, Speaker::Tungsten, "takeover"),
    Case::about_compression("python_client_enabled", Speaker::Tungsten, Speaker::Python, "enabled"),
    Case::about_compression("python_client_takeover", Speaker::Tungsten, Speaker::Python, "takeover"),
    Case::about_compression("browser_enabled", Speaker::Tungsten, Speaker::Browser, "enabled"),
    Case::about_compression("browser_takeover", Speaker::Tungsten, Speaker::Browser, "takeover"),
];

/// Holds every conversation. Always on the debug build: what differs in the other is not what others see of it.
pub(super) fn layer(options: &Options) -> Result<Tally> {
    let is_wanted = |case: &&Case| options.filter.as_ref().is_none_or(|filter| case.title().contains(filter));
    let cases: Vec<&Case> = CASES.iter().filter(is_wanted).collect();
    if cases.is_empty() {
        return Ok(Tally::default());
    }
    let bed = Bed::new()?;
    println!("-- {}", bed.versions());
    println!("1..{}", cases.len());
    Ok(parallel::map(&cases, |idx, case| case.run(idx + 1, &bed)).into_iter().sum())
}

impl Case {
    const fn new(name: &'static str, server: Speaker, client: Speaker, route: Route) -> Self {
        Self { name, server, client, route, compression: None }
    }

    const fn about_compression(name: &'static str, server: Speaker, client: Speaker, mode: &'static str) -> Self {
        Self { compression: Some(mode), ..Self::new(name, server, client, Route::Plain) }
    }

    fn title(&self) -> String {
        format!("interop::{}", self.name)
    }

    /// The name of the script of a `server` or a `client`.
    fn script(&self, speaker: Speaker, role: &str) -> String {
        // With Godot 3 the conversation is another one.
        let is_with_godot3 = [self.server, self.client].contains(&Speaker::Godot3);
        match speaker {
            _ if self.compression.is_some() => format!("compression_{role}"),
            Speaker::Tungsten if is_with_godot3 => format!("godot3_{role}"),
            _ => role.to_owned(),
        }
    }

    /// Holds the conversation and prints the result.
    fn run(&self, number: usize, bed: &Bed) -> Tally {
        let started = Instant::now();
        let complaints = conversation::hold(self, bed).unwrap_or_else(|error| vec![format!("{error:#}")]);
        participant::print(number, &self.title(), started.elapsed().as_secs_f32(), &complaints);
        Tally::of(complaints.is_empty())
    }
}
