//! A blocking TCP connection, plain or with TLS, that lets a script say in which pieces its bytes leave.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{Connection, HandshakeKind};
use socket2::SockRef;

/// Size of one read, and of the pieces in which a large message is encrypted.
const CHUNK: usize = 64 * 1024;

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// At least one byte.
    Bytes,
    /// The TLS alert that says: no more data. Reported once; EOF of the connection is still to come.
    CloseNotify,
    /// The end of the TCP stream.
    Eof,
}

/// The connection. All waits end after the timeout with [`ErrorKind::TimedOut`].
pub(crate) struct Transport {
    /// Invariant: the only lasting strong reference, so that dropping it closes the socket.
    socket: Arc<TcpStream>,
    tls: Option<Tls>,
    /// Bytes for the wire that a cork holds back.
    pending: Vec<u8>,
    corked: bool,
    /// Size of one write; 0 means no limit.
    piece: usize,
    finished: bool,
    scratch: Box<[u8]>,
}

struct Tls {
    connection: Box<Connection>,
    peer_closed: bool,
    peer_closed_reported: bool,
}

impl Transport {
    pub(crate) fn new(socket: Arc<TcpStream>, timeout: Duration) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(timeout))?;
        socket.set_write_timeout(Some(timeout))?;
        let scratch = vec![0; CHUNK].into_boxed_slice();
        Ok(Self { socket, tls: None, pending: Vec::new(), corked: false, piece: 0, finished: false, scratch })
    }

    /// Does the TLS handshake. `early` are bytes that were read already; plaintext goes to `into`.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidData`]: the peer broke the protocol or refused with an alert.
    /// - [`ErrorKind::UnexpectedEof`]: the peer went away.
    pub(crate) fn start_tls(&mut self, connection: Connection, early: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
        let mut connection = Box::new(connection);
        connection.set_buffer_limit(None);
        self.tls = Some(Tls { connection, peer_closed: false, peer_closed_reported: false });
        self.decrypt(early, into)?;
        self.push_tls()?;
        while self.tls.as_ref().is_some_and(|tls| tls.connection.is_handshaking()) {
            let size = self.read_socket()?;
            if size == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the peer left during the TLS handshake"));
            }
            self.receive(size, into)?;
        }
        Ok(())
    }

    /// The server name that the client asked for; `None` without TLS or without the extension.
    pub(crate) fn server_name(&self) -> Option<String> {
        match self.tls.as_ref().map(|tls| tls.connection.as_ref()) {
            Some(Connection::Server(connection)) => connection.server_name().map(str::to_owned),
            _ => None,
        }
    }

    /// Whether TLS has taken up the session of an earlier connection.
    pub(crate) fn is_resumed(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.connection.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    /// Waits for input and appends it to `into`.
    pub(crate) fn fill(&mut self, into: &mut Vec<u8>) -> io::Result<Input> {
        loop {
            if let Some(tls) = &mut self.tls
                && tls.peer_closed
                && !tls.peer_closed_reported
            {
                tls.peer_closed_reported = true;
                return Ok(Input::CloseNotify);
            }
            let size = self.read_socket()?;
            if size == 0 {
                return Ok(Input::Eof);
            }
            let before = into.len();
            self.receive(size, into)?;
            if into.len() > before {
                return Ok(Input::Bytes);
            }
        }
    }

    /// Sends these bytes, or keeps them while corked.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.finished {
            return Err(io::Error::other("nothing can be sent after fin"));
        }
        if self.tls.is_some() {
            return self.write_tls(bytes);
        }
        if self.corked {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        self.write_socket(bytes)
    }

    pub(crate) fn cork(&mut self) {
        self.corked = true;
    }

    pub(crate) fn uncork(&mut self) -> io::Result<()> {
        self.corked = false;
        self.flush()
    }

    /// From now on one write call takes at most so many bytes; 0 means no limit.
    pub(crate) fn trickle(&mut self, piece: usize) {
        self.piece = piece;
    }

    /// Sends the TLS alert that announces the end; does nothing without TLS.
    pub(crate) fn close_notify(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
        }
        self.push_tls()
    }

    /// Sends what is corked, then shuts down the sending side. Further calls do nothing.
    pub(crate) fn fin(&mut self) -> io::Result<()> {
        if self.finished {
            return Ok(());
        }
        self.uncork()?;
        self.finished = true;
        self.socket.shutdown(Shutdown::Write)
    }

    /// Whether [`Transport::fin`] was called.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Sends what is corked, then resets the connection.
    pub(crate) fn rst(mut self) -> io::Result<()> {
        let flushed = self.uncork();
        // A close with linger 0 discards what is queued and sends RST instead of FIN.
        SockRef::from(&*self.socket).set_linger(Some(Duration::ZERO))?;
        flushed
    }

    fn write_tls(&mut self, bytes: &[u8]) -> io::Result<()> {
        for chunk in bytes.chunks(CHUNK) {
            if let Some(tls) = &mut self.tls {
                tls.connection.writer().write_all(chunk)?;
            }
            self.push_tls()?;
        }
        Ok(())
    }

    /// Takes what the TLS connection wants to send, and sends it unless corked.
    fn push_tls(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.connection.wants_write() {
                tls.connection.write_tls(&mut self.pending)?;
            }
        }
        if self.corked { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.write_socket(&pending)
    }

    fn write_socket(&self, bytes: &[u8]) -> io::Result<()> {
        let piece = if self.piece == 0 { bytes.len().max(1) } else { self.piece };
        bytes.chunks(piece).try_for_each(|piece| (&*self.socket).write_all(piece)).map_err(name_timeout)
    }

    fn read_socket(&mut self) -> io::Result<usize> {
        loop {
            match (&*self.socket).read(&mut self.scratch) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(name_timeout),
            }
        }
    }

    /// Appends the plaintext of the first `size` bytes of the scratch buffer to `into`.
    fn receive(&mut self, size: usize, into: &mut Vec<u8>) -> io::Result<()> {
        if self.tls.is_none() {
            into.extend_from_slice(&self.scratch[..size]);
            return Ok(());
        }
        let scratch = std::mem::take(&mut self.scratch);
        let result = self.decrypt(&scratch[..size], into);
        self.scratch = scratch;
        // Also after an error: the alert that tells the peer what was wrong is waiting.
        let pushed = self.push_tls();
        result.and(pushed)
    }

    fn decrypt(&mut self, mut wire: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Ok(());
        };
        // After a close_notify rustls takes nothing more.
        while !wire.is_empty() && tls.connection.read_tls(&mut wire)? > 0 {
            let state = tls
                .connection
                .process_new_packets()
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
            tls.peer_closed |= state.peer_has_closed();
            let mut plaintext = vec![0; state.plaintext_bytes_to_read()];
            tls.connection.reader().read_exact(&mut plaintext)?;
            into.append(&mut plaintext);
        }
        Ok(())
    }
}

/// A timeout is `WouldBlock` on Unix and `TimedOut` on Windows.
fn name_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "timed out waiting for the peer")
        }
        _ => error,
    }
}
