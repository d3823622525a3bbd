//! nginx, which takes TLS off in front of a server.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cache::SystemProgram;
use crate::process::{Background, END_LIMIT, Lines, START_LIMIT, Stream, text};
use crate::project;

/// What to do without it.
const HINT: &str = "there is no nginx on this machine and none could be fetched: install the package nginx";

/// How nginx marks what went wrong.
const ERRORS: [&str; 4] = ["[emerg]", "[alert]", "[crit]", "[error]"];

#[derive(Debug)]
pub(super) struct Nginx {
    program: SystemProgram,
    pub(super) version: String,
}

/// A running nginx. Ended when dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    process: Background,
    port: u16,
}

impl Nginx {
    /// The nginx of this machine, or of its distribution's packages.
    ///
    /// # Errors
    /// It is neither installed nor can it be fetched, or it does not run.
    pub(super) fn prepare() -> Result<Self> {
        let program = SystemProgram::open_or_fetch("nginx", "usr/sbin/nginx").context(HINT)?;
        // Says so on standard error.
        let (lines, end) = Background::start(program.command().arg("-v"))?.end(START_LIMIT);
        let printed = text(&lines);
        ensure!(end?.success(), "nginx does not run: {printed}");
        let version = printed.lines().last().unwrap_or_default().trim_start_matches("nginx version: ").to_owned();
        Ok(Self { program, version })
    }

    /// Starts it in the folder `dir`, with the certificate in another one, in front of a server on `server_port`.
    pub(super) fn start(&self, dir: &Path, identity: &Path, server_port: u16) -> Result<Proxy> {
        fs::create_dir_all(dir)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let configuration = fs::read_to_string(project::root().join("interop/nginx/nginx.conf"))?
            .replace("@LISTEN@", &format!("127.0.0.1:{port}"))
            .replace("@IDENTITY@", &identity.display().to_string())
            .replace("@BACKEND@", &format!("127.0.0.1:{server_port}"));
        let file = dir.join("nginx.conf");
        fs::write(&file, configuration)?;
        let mut command = self.program.command();
        command.arg("-p").arg(dir).arg("-c").arg(file).args(["-e", "stderr"]);
        hand_over(&mut command, listener)?;
        // Clients may come already: the socket listens.
        Ok(Proxy { process: Background::spawn(&mut command, &[Stream::Out, Stream::Err])?, port })
    }
}

impl Proxy {
    /// Where clients find it.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it, and returns what it has printed.
    pub(super) fn end(self) -> Lines {
        self.process.terminate(END_LIMIT).0
    }

    /// The errors among what it has printed.
    pub(super) fn errors(lines: &[(Stream, String)]) -> Vec<String> {
        let lines = lines.iter().map(|(_, line)| line);
        lines
            .filter(|line| ERRORS.iter().any(|mark| line.contains(mark)))
            .map(|line| format!("nginx: {line}"))
            .collect()
    }
}

/// Makes nginx take the socket as from a predecessor of itself: so no port has to be free at a later time.
#[cfg(unix)]
fn hand_over(command: &mut Command, listener: TcpListener) -> Result<()> {
    command.stdin(std::os::fd::OwnedFd::from(listener)).env("NGINX", "0;");
    Ok(())
}

#[cfg(not(unix))]
fn hand_over(_command: &mut Command, _listener: TcpListener) -> Result<()> {
    anyhow::bail!("nginx can take over a socket on Unix only")
}
