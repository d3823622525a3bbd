//! A client that sends and shows raw frames, to test servers with.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use crate::frame::{Frame, Inbox};
use crate::pki::TestAuthority;
use crate::transport::{Input, Transport};

/// Each wait ends after this time with [`ErrorKind::TimedOut`].
const TIMEOUT: Duration = Duration::from_secs(10);

/// A fixed key: masks are no secret in a test, and a capture is easier to read.
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A blocking client that checks nothing and answers nothing by itself.
///
/// Every method that reads or writes fails with [`ErrorKind::TimedOut`] after 10 s without progress.
pub struct RawClient {
    transport: Transport,
    inbox: Inbox,
    address: SocketAddr,
}

impl RawClient {
    /// Connects to a loopback server.
    ///
    /// # Errors
    /// - when the connection is refused or takes longer than 10 s.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, TIMEOUT)?;
        Ok(Self { transport: Transport::new(Arc::new(socket), TIMEOUT)?, inbox: Inbox::default(), address })
    }

    /// Does a TLS handshake that trusts the shared [`TestAuthority`] only.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidInput`]: `server_name` is neither a DNS name nor an address.
    /// - [`ErrorKind::InvalidData`]: the certificate was refused, or the server broke the protocol.
    pub fn start_tls(&mut self, server_name: &str) -> io::Result<()> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let connection =
            ClientConnection::new(TestAuthority::shared().client_config(), name).map_err(io::Error::other)?;
        self.transport.start_tls(connection.into(), &[], self.inbox.tail())
    }

    /// Sends a correct upgrade request with these further header lines and returns the head of the response.
    ///
    /// # Errors
    /// - when the connection ends first.
    pub fn upgrade(&mut self, extra: &[&str]) -> io::Result<String> {
        let mut lines = vec![
            "GET / HTTP/1.1".to_owned(),
            format!("Host: {}", self.address),
            "Upgrade: websocket".to_owned(),
            "Connection: Upgrade".to_owned(),
            "Sec-WebSocket-Version: 13".to_owned(),
            // The key of the example in RFC 6455 §1.3; its answer is `s3pPLMBiTxaQ9kYGzzhZRbK+xOo=`.
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
        ];
        lines.extend(extra.iter().map(|line| (*line).to_owned()));
        self.send_raw(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes())?;
        self.read_head()
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.write(bytes)
    }

    /// Sends this frame, masked. For one without a mask use `send_raw(&frame.encode())`.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn send(&mut self, frame: Frame) -> io::Result<()> {
        self.send_raw(&frame.masked(MASK).encode())
    }

    /// Reads up to a blank line, and returns that too.
    ///
    /// # Errors
    /// - [`ErrorKind::UnexpectedEof`]: the stream ended first.
    pub fn read_head(&mut self) -> io::Result<String> {
        loop {
            if let Some(head) = self.inbox.take_head() {
                return Ok(head);
            }
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads one frame; `None` when the stream has ended.
    ///
    /// # Errors
    /// - [`ErrorKind::UnexpectedEof`]: the stream ended inside a frame.
    pub fn read_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.inbox.take_frame() {
                return Ok(Some(frame));
            }
            if !self.fill()? {
                return if self.inbox.take_all().is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// What has arrived already or else what one read of the socket gives; empty when the stream has ended.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn read_some(&mut self) -> io::Result<Vec<u8>> {
        let waiting = self.inbox.take_all();
        if waiting.is_empty() {
            self.fill()?;
            return Ok(self.inbox.take_all());
        }
        Ok(waiting)
    }

    /// Everything up to the end of the stream.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? {}
        Ok(self.inbox.take_all())
    }

    /// Sends the TLS alert `close_notify`.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn close_notify(&mut self) -> io::Result<()> {
        self.transport.close_notify()
    }

    /// Shuts down the sending side.
    ///
    /// # Errors
    /// - when the connection is broken.
    pub fn fin(&mut self) -> io::Result<()> {
        self.transport.fin()
    }

    /// Resets the connection.
    ///
    /// # Errors
    /// - when the system refuses.
    pub fn rst(self) -> io::Result<()> {
        self.transport.rst()
    }

    /// Waits for input; false at the end of the stream, which with TLS is a `close_notify` or EOF.
    fn fill(&mut self) -> io::Result<bool> {
        Ok(self.transport.fill(self.inbox.tail())? == Input::Bytes)
    }
}

impl fmt::Debug for RawClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawClient").field("address", &self.address).finish_non_exhaustive()
    }
}
