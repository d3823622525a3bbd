//! A listener whose connections follow a script.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ServerConfig;

use crate::connection::Connection;
use crate::event::{Event, Recorded};
use crate::report::{Report, WaitError};
use crate::script::Step;

/// How a [`Server`] behaves; made by [`Options::new`], then changed field by field.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first connection follows the first script and so on; the last script also serves all later connections.
    pub scripts: Vec<Vec<Step>>,
    /// Listen on `::1` instead of `127.0.0.1`.
    pub ipv6: bool,
    /// How long a step may wait for the peer, a signal or the stop without any progress. 10 s unless changed.
    pub timeout: Duration,
    /// TLS with this configuration comes before every script, instead of a step [`Step::Tls`].
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether events are kept. Turn this off for servers that run for long, since the report only grows.
    pub recording: bool,
}

impl Options {
    /// Every connection follows this script; IPv4, timeout of 10 s, with a report.
    pub fn new(script: impl Into<Vec<Step>>) -> Self {
        Self { scripts: vec![script.into()], ipv6: false, timeout: Duration::from_secs(10), tls: None, recording: true }
    }
}

/// A scripted server on a free port of the loopback interface.
///
/// It accepts any number of connections, each with a thread of its own, and stops when dropped.
pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    report: Arc<Report>,
    listener: Mutex<Option<JoinHandle<()>>>,
    connections: Arc<Connections>,
}

impl Server {
    /// Starts a server whose connections all follow this script.
    ///
    /// # Panics
    /// When no listener can be opened on the loopback interface.
    pub fn start(script: impl Into<Vec<Step>>) -> Self {
        Self::start_with(Options::new(script)).expect("the loopback interface should accept a listener")
    }

    /// Starts a server.
    ///
    /// # Errors
    /// - when the listener cannot be opened, for example without IPv6.
    pub fn start_with(options: Options) -> io::Result<Self> {
        let listener = if options.ipv6 {
            TcpListener::bind((Ipv6Addr::LOCALHOST, 0))?
        } else {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        };
        let address = listener.local_addr()?;
        let report = Arc::new(Report::new(options.recording));
        let begins_with_tls = |script: &Vec<Step>| matches!(script.first(), Some(Step::Tls(_)));
        let is_tls = options.tls.is_some() || options.scripts.first().is_some_and(begins_with_tls);
        let connections = Arc::new(Connections { options, report: Arc::clone(&report), live: Mutex::default() });
        let accepting = Arc::clone(&connections);
        let thread = thread::Builder::new()
            .name(format!("testkit listener {}", address.port()))
            .spawn(move || accepting.accept_all(&listener))?;
        Ok(Self { address, is_tls, report, listener: Mutex::new(Some(thread)), connections })
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ws://127.0.0.1:PORT`, or `wss://localhost:PORT` if the script begins with TLS; with IPv6 the host is `[::1]`.
    pub fn url(&self) -> String {
        match (self.is_tls, self.address) {
            (true, SocketAddr::V4(_)) => format!("wss://localhost:{}", self.port()),
            (true, SocketAddr::V6(_)) => format!("wss://{}", self.address),
            (false, _) => format!("ws://{}", self.address),
        }
    }

    /// All that has been recorded so far.
    pub fn report(&self) -> Vec<Recorded> {
        self.report.events()
    }

    /// Waits until the recorded events fulfil the condition, and returns them.
    ///
    /// # Errors
    /// - when the time is up or the server is stopped; the error holds, and prints, what was recorded.
    pub fn wait_for(
        &self,
        condition: impl FnMut(&[Recorded]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<Recorded>, WaitError> {
        self.report.wait_for(condition, timeout)
    }

    /// Waits until so many events have this name ([`Event::name`]), over all connections, and returns all events.
    ///
    /// # Errors
    /// - as [`Server::wait_for`].
    pub fn wait_for_events(&self, name: &str, count: usize, timeout: Duration) -> Result<Vec<Recorded>, WaitError> {
        self.wait_for(|events| events.iter().filter(|recorded| recorded.event.name() == name).count() >= count, timeout)
    }

    /// Lets every connection pass its step [`Step::Wait`] of this name, now and later.
    pub fn signal(&self, name: &str) {
        self.report.signal(name);
    }

    /// Ends the listener and all connections, and waits for their threads. Nothing is recorded after this begins.
    pub fn stop(&self) {
        self.report.stop();
        if let Some(listener) = lock(&self.listener).take() {
            // The portable way to end a blocking accept.
            let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
            if woken.is_ok() || listener.is_finished() {
                let _panicked = listener.join();
            }
        }
        self.connections.end_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Connections {
    options: Options,
    report: Arc<Report>,
    live: Mutex<Vec<Live>>,
}

struct Live {
    /// Weak, since only the connection itself may keep the socket open: a reset happens when it is dropped.
    socket: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Connections {
    fn accept_all(&self, listener: &TcpListener) {
        let mut index = 0;
        loop {
            let accepted = listener.accept();
            if self.report.is_stopped() {
                return;
            }
            match accepted {
                Ok((socket, peer)) => {
                    self.report.record(index, Event::Accepted(peer.to_string()));
                    if let Err(error) = self.spawn(index, socket) {
                        self.report.record(index, Event::Failed(format!("start the connection: {error}")));
                    }
                    index += 1;
                }
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => {
                    // For example no file descriptor is left, which a retry would only meet again.
                    self.report.record(index, Event::Failed(format!("accept: {error}")));
                    return;
                }
            }
        }
    }

    fn spawn(&self, index: usize, socket: TcpStream) -> io::Result<()> {
        let socket = Arc::new(socket);
        let weak = Arc::downgrade(&socket);
        let script = self.script(index).to_vec();
        let connection = Connection::new(socket, index, Arc::clone(&self.report), self.options.timeout)?;
        let tls = self.options.tls.clone();
        let thread = thread::Builder::new()
            .name(format!("testkit connection {index}"))
            .spawn(move || connection.run(tls, &script))?;
        let mut live = lock(&self.live);
        live.retain(|live| !live.thread.is_finished());
        live.push(Live { socket: weak, thread });
        Ok(())
    }

    fn script(&self, index: usize) -> &[Step] {
        let scripts = &self.options.scripts;
        scripts.get(index).or(scripts.last()).map_or(&[], Vec::as_slice)
    }

    fn end_all(&self) {
        let live = std::mem::take(&mut *lock(&self.live));
        for Live { socket, .. } in &live {
            if let Some(socket) = socket.upgrade() {
                // Fails when the peer has closed already.
                let _closed = socket.shutdown(Shutdown::Both);
            }
        }
        for Live { thread, .. } in live {
            let _panicked = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
