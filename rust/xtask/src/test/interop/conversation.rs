//! One conversation: a server, a client, and perhaps nginx in between.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::bed::Bed;
use super::nginx::Proxy;
use super::{Case, Route, Speaker};
use crate::process::{Background, END_LIMIT, START_LIMIT};
use crate::test::participant::{judge, told, with_output};
use crate::transcript::Transcript;

/// A conversation takes seconds. Both ends give up on their own before this.
const LIMIT: Duration = Duration::from_secs(60);

/// What the client prints if all was well.
const SENTINEL: &str = "conversation held";

/// Holds the conversation of `case` and returns what was wrong with it, and then what all have printed.
pub(super) fn hold(case: &Case, bed: &Bed) -> Result<Vec<String>> {
    let mut command = bed.command(case, case.server, "server")?;
    if case.route == Route::Secure {
        command.args(bed.identity());
    }
    command.args(mode(case));
    let mut server = Background::start(&mut command)?;
    let port = match server.wait_for("ready", START_LIMIT) {
        Ok(port) => port.parse().with_context(|| format!("the server is ready at {port:?}"))?,
        Err(error) => return Ok(with_output(vec![format!("{error:#}")], [("server", &server.kill())])),
    };
    if case.client == Speaker::Browser {
        return hold_with_browser(case, bed, server, port);
    }
    let proxy = if case.route == Route::Proxied { Some(bed.proxy(case, port)?) } else { None };
    let client = Transcript::record(&mut client(case, bed, port, proxy.as_ref())?, LIMIT, false);
    let mut complaints = judge("client", &client, Some(SENTINEL));
    let server_lines = if complaints.is_empty() {
        let server = Transcript::of(server, END_LIMIT);
        complaints.extend(judge("server", &server, None));
        server.lines
    } else {
        // It would wait for the rest of the conversation.
        let lines = server.kill();
        complaints.extend(told("server", &lines));
        lines
    };
    let proxy_lines = proxy.map(Proxy::end).unwrap_or_default();
    complaints.extend(Proxy::errors(&proxy_lines));
    let output = [("client", &client.lines), ("server", &server_lines), ("nginx", &proxy_lines)];
    Ok(with_output(complaints, output))
}

/// The same with a client that neither prints nor ends: it tells the server what to print.
fn hold_with_browser(case: &Case, bed: &Bed, server: Background, port: u16) -> Result<Vec<String>> {
    let mode = case.compression.unwrap_or_default();
    let options = format!("url=ws://127.0.0.1:{port}/&compression={mode}");
    let browser = Background::start(&mut bed.browser(case.name, &options))?;
    let server = Transcript::of(server, LIMIT);
    let complaints = judge("server", &server, Some(SENTINEL));
    Ok(with_output(complaints, [("server", &server.lines), ("browser", &browser.kill())]))
}

/// The client, told where the server is and whom to trust.
fn client(case: &Case, bed: &Bed, server_port: u16, proxy: Option<&Proxy>) -> Result<Command> {
    let mut command = bed.command(case, case.client, "client")?;
    let port = proxy.map_or(server_port, Proxy::port);
    if case.route == Route::Plain {
        command.arg(format!("--url=ws://127.0.0.1:{port}/"));
    } else {
        command.arg(format!("--url=wss://localhost:{port}/")).arg(bed.authority());
    }
    command.args(proxy.map(|_| "--proxied")).args(mode(case));
    Ok(command)
}

/// The option for a conversation about compression.
fn mode(case: &Case) -> Option<String> {
    case.compression.map(|mode| format!("--compression={mode}"))
}
