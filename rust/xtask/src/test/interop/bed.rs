//! All that conversations need: the programs, and certificates.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::browser::Browser;
use super::godot3::Godot3;
use super::nginx::{Nginx, Proxy};
use super::node::Node;
use super::python::Python;
use super::{Case, Speaker};
use crate::build::Profile;
use crate::process::START_LIMIT;
use crate::test::engine::Rig;
use crate::{artifact, process};

#[derive(Debug)]
pub(super) struct Bed {
    rig: Rig,
    node: Node,
    python: Python,
    godot3: Godot3,
    nginx: Nginx,
    browser: Browser,
    /// Next to the staged project; goes with the rig.
    dir: PathBuf,
}

impl Bed {
    /// Finds or fetches the programs, and makes certificates.
    ///
    /// # Errors
    /// A program is missing and cannot be fetched; the text says what to install.
    pub(super) fn new() -> Result<Self> {
        let rig = Rig::new(Profile::Debug)?;
        let dir = rig.file("interop");
        fs::create_dir_all(&dir)?;
        let mut identity = Command::new(artifact::program("tungsten-testkit", None, Profile::Debug)?);
        process::capture(identity.arg("identity").arg("--dir").arg(&dir), START_LIMIT)?;
        match (Node::prepare(&dir), Python::prepare(), Godot3::prepare(), Nginx::prepare(), Browser::prepare(&dir)) {
            (Ok(node), Ok(python), Ok(godot3), Ok(nginx), Ok(browser)) => {
                Ok(Self { rig, node, python, godot3, nginx, browser, dir })
            }
            (node, python, godot3, nginx, browser) => {
                // All that is missing, not one after the other.
                let errors = [node.err(), python.err(), godot3.err(), nginx.err(), browser.err()].into_iter().flatten();
                bail!("{}", errors.map(|error| format!("{error:#}")).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    /// Who takes part, for a headline.
    pub(super) fn versions(&self) -> String {
        let Self { rig, node, python, godot3, nginx, browser, .. } = self;
        let engines = format!("Godot {}, Godot {}", rig.version(), godot3.version);
        [engines.as_str(), &node.version, &python.version, &nginx.version, &browser.version].join(", ")
    }

    /// A `server` or a `client`; the caller adds the options.
    pub(super) fn command(&self, case: &Case, speaker: Speaker, role: &str) -> Result<Command> {
        let script = case.script(speaker, role);
        match speaker {
            Speaker::Browser => bail!("a browser is told where to go when it starts"),
            Speaker::Godot3 => self.godot3.command(&script, &self.dir.join(format!("home-of-{}-{role}", case.name))),
            Speaker::Node => Ok(self.node.command(&script)),
            Speaker::Python => Ok(self.python.command(&script)),
            Speaker::Tungsten => {
                let mut command = self.rig.command_beside(&format!("{}-{role}", case.name))?;
                command.arg("--script").arg(format!("res://tests/interop/{script}.gd")).arg("--");
                Ok(command)
            }
        }
    }

    /// The browser at the page that is the client, with a profile of that name and options for the page.
    pub(super) fn browser(&self, profile: &str, options: &str) -> Command {
        self.browser.open(profile, options)
    }

    /// An nginx in front of a server on that port.
    pub(super) fn proxy(&self, case: &Case, server_port: u16) -> Result<Proxy> {
        self.nginx.start(&self.dir.join(format!("nginx-of-{}", case.name)), &self.dir, server_port)
    }

    /// The options for a server with TLS.
    pub(super) fn identity(&self) -> [String; 2] {
        let option = |name| format!("--{name}={}", self.dir.join(name).with_extension("pem").display());
        [option("certificate"), option("key")]
    }

    /// The option for a client with TLS.
    pub(super) fn authority(&self) -> String {
        format!("--ca={}", self.dir.join("authority.pem").display())
    }
}
