//! The layer that talks to programs of other people; `interop/README.md` says with whom and about what.

mod bed;
mod cache;
mod conversation;
mod nginx;
mod node;
mod python;

use std::time::Instant;

use anyhow::Result;

use super::{Options, Tally};
use bed::Bed;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
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

const CASES: [Case; 11] = [
    Case { name: "node_server_ws", server: Speaker::Node, client: Speaker::Tungsten, route: Route::Plain },
    Case { name: "node_server_wss", server: Speaker::Node, client: Speaker::Tungsten, route: Route::Secure },
    Case { name: "node_client_ws", server: Speaker::Tungsten, client: Speaker::Node, route: Route::Plain },
    Case { name: "node_client_wss", server: Speaker::Tungsten, client: Speaker::Node, route: Route::Secure },
    Case { name: "python_server_ws", server: Speaker::Python, client: Speaker::Tungsten, route: Route::Plain },
    Case { name: "python_server_wss", server: Speaker::Python, client: Speaker::Tungsten, route: Route::Secure },
    Case { name: "python_client_ws", server: Speaker::Tungsten, client: Speaker::Python, route: Route::Plain },
    Case { name: "python_client_wss", server: Speaker::Tungsten, client: Speaker::Python, route: Route::Secure },
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

    /// Holds the conversation and prints the result.
    fn run(&self, number: usize, bed: &Bed) -> Tally {
        let started = Instant::now();
        let complaints = conversation::hold(self, bed).unwrap_or_else(|error| vec![format!("{error:#}")]);
        let word = if complaints.is_empty() { "ok" } else { "not ok" };
        println!("{word} {number} - {} ({:.1} s)", self.title(), started.elapsed().as_secs_f32());
        for complaint in &complaints {
            println!("# {}", complaint.replace('\n', "\n# "));
        }
        Tally::of(complaints.is_empty())
    }
}
