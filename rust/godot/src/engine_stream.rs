//! The engine's streams, as `accept_stream` gets them. The engine keeps their sockets to itself, so every byte goes
//! through its API.

use godot::classes::stream_peer_tcp::Status as TcpStatus;
use godot::classes::stream_peer_tls::Status as TlsStatus;
use godot::classes::{StreamPeer, StreamPeerTcp, StreamPeerTls};
use godot::global::Error;
use godot::prelude::*;
use std::io;
use std::net::SocketAddr;
use tungsten_core::net::Stream;

/// Bytes that are handed to the engine at a time.
const CHUNK: usize = 64 * 1024;

/// A `StreamPeerTCP`, alone or under a `StreamPeerTLS`.
#[derive(Debug)]
pub(crate) struct EngineStream {
    tcp: Gd<StreamPeerTcp>,
    tls: Option<Gd<StreamPeerTls>>,
}

/// How far a stream is.
enum Status {
    Connecting,
    Connected,
    Gone,
}

impl EngineStream {
    /// `None` unless the stream is TCP or TLS right over TCP, which is what the engine's own peer takes.
    pub(crate) fn new(stream: Gd<StreamPeer>) -> Option<Self> {
        let stream = match stream.try_cast::<StreamPeerTcp>() {
            Ok(tcp) => return Some(Self { tcp, tls: None }),
            Err(stream) => stream,
        };
        let tls = stream.try_cast::<StreamPeerTls>().ok()?;
        let tcp = tls.get_stream()?.try_cast::<StreamPeerTcp>().ok()?;
        Some(Self { tcp, tls: Some(tls) })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Lets the engine do its part, which has to come before anything is asked.
    fn poll(&mut self) -> Status {
        match &mut self.tls {
            Some(tls) => {
                tls.poll();
                match tls.get_status() {
                    TlsStatus::HANDSHAKING => Status::Connecting,
                    TlsStatus::CONNECTED => Status::Connected,
                    _ => Status::Gone,
                }
            }
            None => {
                self.tcp.poll();
                match self.tcp.get_status() {
                    TcpStatus::CONNECTING => Status::Connecting,
                    TcpStatus::CONNECTED => Status::Connected,
                    _ => Status::Gone,
                }
            }
        }
    }

    /// Reads what the engine has at hand; 0 means that nothing more will come.
    fn receive_piece(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // The engine says that the other side is gone only once nothing is left to read, and must not be asked for
        // bytes after that.
        if !matches!(self.poll(), Status::Connected) {
            return Ok(0);
        }
        let mut bytes = self.bytes();
        // Exactly what is there: asked for more, the engine allocates more, and over TLS it loses what it has
        // decrypted if the end of the stream comes right behind.
        let available = usize::try_from(bytes.get_available_bytes()).unwrap_or_default().min(buf.len());
        if available == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = bytes.get_partial_data(i32::try_from(available).unwrap_or(i32::MAX));
        let data = part(&result)?.try_to::<PackedByteArray>().unwrap_or_default();
        let data = data.as_slice();
        if data.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = data.len().min(buf.len());
        buf[..len].copy_from_slice(&data[..len]);
        Ok(len)
    }

    fn bytes(&mut self) -> Gd<StreamPeer> {
        match &self.tls {
            Some(tls) => tls.clone().upcast(),
            None => self.tcp.clone().upcast(),
        }
    }
}

impl Stream for EngineStream {
    fn poll_connected(&mut self) -> io::Result<bool> {
        match self.poll() {
            Status::Connecting => Ok(false),
            Status::Connected => {
                self.set_no_delay(true);
                Ok(true)
            }
            Status::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Fills the buffer from as many pieces as are there: over TLS the engine hands out one record at a time.
    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.receive_piece(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(len) => filled += len,
                // What came before is worth more; the error comes again.
                Err(error) if filled == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(filled)
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let chunk = PackedByteArray::from(&bytes[..bytes.len().min(CHUNK)]);
        let result = self.bytes().put_partial_data(&chunk);
        match part(&result)?.try_to::<i64>().ok().and_then(|sent| usize::try_from(sent).ok()) {
            Some(sent @ 1..) => Ok(sent),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn finish(&mut self) {}

    fn can_half_close(&self) -> bool {
        false
    }

    fn set_no_delay(&mut self, enabled: bool) {
        self.tcp.set_no_delay(enabled);
    }

    fn peer_address(&self) -> Option<SocketAddr> {
        let host = self.tcp.get_connected_host().to_string().parse().ok()?;
        Some(SocketAddr::new(host, u16::try_from(self.tcp.get_connected_port()).ok()?))
    }
}

impl Drop for EngineStream {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.disconnect_from_stream();
        }
        self.tcp.disconnect_from_host();
    }
}

/// The second part of the engine's `[Error, value]`, unless the first one says that it failed.
fn part(result: &VarArray) -> io::Result<Variant> {
    match result.get(0).and_then(|error| error.try_to::<Error>().ok()) {
        Some(Error::OK) => Ok(result.get(1).unwrap_or_default()),
        Some(Error::ERR_BUSY) => Err(io::ErrorKind::WouldBlock.into()),
        error => Err(io::Error::other(format!("the engine's stream failed: {error:?}"))),
    }
}
