//! The layer that talks to programs of other people; `interop/README.md` says with whom and about what.

mod bed;
mod conversation;
mod godot3;
mod nginx;
mod node;
mod python;

use std::time::Instant;

use anyhow::Result;

use super::{Options, Tally, participant};
use bed::Bed;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
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
}

const CASES: [Case; 15] = [
    Case { name: "node_server_ws", server: Speaker::Node, client: Speaker::Tungsten, route: Route::Plain },
    Case { name: "node_server_wss", server: Speaker::Node, client: Speaker::Tungsten, route: Route::Secure },
    Case { name: "node_client_ws", server: Speaker::Tungsten, client: Speaker::Node, route: Route::Plain },
    Case { name: "node_client_wss", server: Speaker::Tungsten, client: Speaker::Node, route: Route::Secure },
    Case { name: "python_server_ws", server: Speaker::Python, client: Speaker::Tungsten, route: Route::Plain },
    Case { name: "python_server_wss", server: Speaker::Python, client: Speaker::Tungsten, route: Route::Secure },
    Case { name: "python_client_ws", server: Speaker::Tungsten, client: Speaker::Python, route: Route::Plain },
    Case { name: "python_client_wss", server: Speaker::Tungsten, client: Speaker::Python, route: Route::Secure },
    Case { name: "godot3_server", server: Speaker::Godot3, client: Speaker::Tungsten, route: Route::Plain },
    Case { name: "godot3_server_wss", server: Speaker::Godot3, client: Speaker::Tungsten, route: Route::Secure },
    Case { name: "godot3_client", server: Speaker::Tungsten, client: Speaker::Godot3, route: Route::Plain },
    Case { name: "godot3_client_wss", server: Speaker::Tungsten, client: Speaker::Godot3, route: Route::Secure },
    Case { name: "nginx_own_client", server: Speaker::Tungsten, client: Speaker::Tungsten, route: Route::Proxied },
    Case { name: "nginx_node_client", server: Speaker::Tungsten, client: Speaker::Node, route: Route::Proxied },
    Case { name: "nginx_python_client", server: Speaker::Tungsten, client: Speaker::Python, route: Route::Proxied },
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
    Ok(cases.into_iter().enumerate().map(|(idx, case)| case.run(idx + 1, &bed)).sum())
}

impl Case {
    fn title(&self) -> String {
        format!("interop::{}", self.name)
    }

    /// The name of the script that Tungsten runs in that role.
    fn script_of_tungsten(&self, role: &str) -> String {
        // With Godot 3 the conversation is another one.
        let is_with_godot3 = [self.server, self.client].contains(&Speaker::Godot3);
        if is_with_godot3 { format!("godot3_{role}") } else { role.to_owned() }
    }

    /// Holds the conversation and prints the result.
    fn run(&self, number: usize, bed: &Bed) -> Tally {
        let started = Instant::now();
        let complaints = conversation::hold(self, bed).unwrap_or_else(|error| vec![format!("{error:#}")]);
        participant::print(number, &self.title(), started.elapsed().as_secs_f32(), &complaints);
        Tally::of(complaints.is_empty())
    }
}
