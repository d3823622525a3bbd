//! What is tested: a program over the core, and scripts in the engine. Both echo.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Role;
use super::suite::RUN_LIMIT;
use crate::artifact;
use crate::build::Profile;
use crate::godot::{self, Godot};
use crate::process::{Background, END_LIMIT, START_LIMIT, text};
use crate::project;
use crate::stage::Stage;
use crate::transcript::Transcript;

/// Optimised builds: the suite is about what is said, and there is much of it.
#[derive(Debug)]
pub(super) enum Subject {
    /// `rust/core/examples/echo.rs`.
    Core { program: PathBuf },
    /// `godot-project/tests/autobahn/`.
    Engine { godot: Godot, stage: Stage },
}

/// A server of ours that waits for the suite. Ended when dropped.
#[derive(Debug)]
pub(super) struct Server {
    process: Background,
    port: u16,
}

impl Subject {
    /// Builds the program.
    pub(super) fn core() -> Result<Self> {
        Ok(Self::Core { program: artifact::program("tungsten-core", Some("echo"), Profile::Release)? })
    }

    /// Finds or fetches the engine, and builds the extension.
    pub(super) fn engine() -> Result<Self> {
        let stage = Stage::new(&project::godot_project(), Profile::Release)?;
        Ok(Self::Engine { godot: godot::find_or_fetch()?, stage })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Core { .. } => "core",
            Self::Engine { .. } => "engine",
        }
    }

    /// What it runs in.
    pub(super) fn version(&self) -> String {
        match self {
            Self::Core { .. } => "tungsten-core".to_owned(),
            Self::Engine { godot, .. } => format!("Godot {}", godot.version()),
        }
    }

    /// Goes to each of the URLs, one after the other.
    ///
    /// # Errors
    /// It has ended too early, has printed an error, or leaks.
    pub(super) fn visit(&self, urls: &[String]) -> Result<()> {
        let transcript = Transcript::record(self.command(Role::Client)?.args(urls), RUN_LIMIT, false);
        let complaints = transcript.complaints(&[]);
        if !complaints.is_empty() {
            bail!("the client:\n{}", complaints.join("\n"));
        }
        Ok(())
    }

    /// Starts a server and waits until it listens.
    pub(super) fn serve(&self) -> Result<Server> {
        let mut process = Background::start(&mut self.command(Role::Server)?)?;
        match process.wait_for("ready", START_LIMIT) {
            Ok(port) => {
                let port = port.parse().with_context(|| format!("the server is ready at {port:?}"))?;
                Ok(Server { process, port })
            }
            Err(error) => bail!("{error:#}\n{}", text(&process.kill())),
        }
    }

    fn command(&self, role: Role) -> Result<Command> {
        match self {
            Self::Core { program } => {
                let mut command = Command::new(program);
                command.arg(role.name());
                Ok(command)
            }
            Self::Engine { godot, stage } => {
                let mut command = godot.command();
                command.envs(stage.new_homes_of(role.name())?).arg("--headless").arg("--path").arg(stage.project());
                command.arg("--script").arg(format!("res://tests/autobahn/{}.gd", role.name())).arg("--");
                Ok(command)
            }
        }
    }
}

impl Server {
    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it.
    ///
    /// # Errors
    /// It has printed an error.
    pub(super) fn end(self) -> Result<()> {
        let (lines, end) = self.process.terminate(END_LIMIT);
        let errors = Transcript::new(lines, end).errors();
        if !errors.is_empty() {
            bail!("the server:\n{}", errors.join("\n"));
        }
        Ok(())
    }
}
