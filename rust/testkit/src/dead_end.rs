//! Addresses on which no connection succeeds: one that refuses and one that never answers.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How long a connection is tried before the backlog counts as full.
const PROBE: Duration = Duration::from_millis(200);

/// More connections than a backlog of 0 holds on any system.
const MOST_CONNECTIONS: usize = 64;

/// A port of `127.0.0.1` where nothing listens, so that a connection is refused at once.
///
/// The port was free a moment ago; another process may take it at any time.
///
/// # Errors
/// - when no listener can be opened to find the port.
pub fn closed_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A listener that never answers: connections to it stay in progress until it is dropped.
///
/// Its backlog is full of connections of our own and nobody accepts them. Linux then drops each SYN; Windows refuses
/// instead, where this type is of no use.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the listener and fills its backlog; takes about 200 ms, to see that one more connection does not finish.
    ///
    /// # Errors
    /// - when the system does not behave like this.
    pub fn open() -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(0)?;
        let address = listener
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("the listener has no internet address"))?;
        let mut queued = Vec::new();
        while queued.len() < MOST_CONNECTIONS {
            match TcpStream::connect_timeout(&address, PROBE) {
                Ok(connection) => queued.push(connection),
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Ok(Self { address, _listener: listener, _queued: queued });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(format!("a backlog of 0 took {MOST_CONNECTIONS} connections")))
    }

    /// The port that swallows connections.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address that swallows connections.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
