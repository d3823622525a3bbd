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
    /// What was read before anyone asked for it.
    held: Vec<u8>,
}

// SAFETY: gdext cannot know which objects of the engine may go to another thread. A stream may: it has no thread of its
// own, the engine counts its references atomically, and whoever has a `&mut EngineStream` is the only one to use it
// through us. That a script does not use it at the same time is asked of it in any case, with threads and without.
unsafe impl Send for EngineStream {}

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
            Ok(tcp) => return Some(Self { tcp, tls: None, held: Vec::new() }),
            Err(stream) => stream,
        };
        let tls = stream.try_cast::<StreamPeerTls>().ok()?;
        let tcp = tls.get_stream()?.try_cast::<StreamPeerTcp>().ok()?;
        Some(Self { tcp, tls: Some(tls), held: Vec::new() })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// How far it was when the engine last looked.
    fn status(&self) -> Status {
        let below = match self.tcp.get_status() {
            TcpStatus::CONNECTING => Status::Connecting,
            TcpStatus::CONNECTED => Status::Connected,
            _ => Status::Gone,
        };
        match (below, self.tls.as_ref().map(|tls| tls.get_status())) {
            (Status::Gone, _) => Status::Gone,
            (below, None) => below,
            (_, Some(TlsStatus::HANDSHAKING)) => Status::Connecting,
            (_, Some(TlsStatus::CONNECTED)) => Status::Connected,
            (_, Some(_)) => Status::Gone,
        }
    }

    /// Lets TCP look whether the stream goes on, once all that has come is read: after a reset it would forget it. TLS
    /// prints errors if it is the one to find the end. Returns what is there to read, of what TLS has not decrypted.
    fn look(&mut self) -> usize {
        // Of a stream that is closed it may not even be asked what is there.
        if matches!(self.status(), Status::Gone) {
            return 0;
        }
        let unread = available(&self.tcp);
        if unread == 0 {
            self.tcp.poll();
        }
        unread
    }

    /// Reads what the engine has at hand, as many pieces as there are: over TLS it hands out one record at a time.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read_piece(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(len) => filled += len,
                // What came before is worth more; the error comes again.
                Err(error) if filled == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(filled)
    }

    /// 0 means that nothing more will come.
    fn read_piece(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(len) = self.readable() else { return Ok(0) };
        if len == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // Exactly what is there: asked for more, the engine allocates more, and over TLS it loses what it has
        // decrypted if the end of the stream comes right behind.
        let result = self.bytes().get_partial_data(i32::try_from(len.min(buf.len())).unwrap_or(i32::MAX));
        let data = part(&result)?.try_to::<PackedByteArray>().unwrap_or_default();
        let data = data.as_slice();
        if data.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = data.len().min(buf.len());
        buf[..len].copy_from_slice(&data[..len]);
        Ok(len)
    }

    /// How many bytes can be asked for now. `None` if no more will come.
    fn readable(&mut self) -> Option<usize> {
        if !matches!(self.status(), Status::Connected) {
            return None;
        }
        let Some(tls) = &self.tls else {
            // To ask for more than is there tells the end.
            return Some(available(&self.tcp).max(1));
        };
        match available(tls) {
            0 => {}
            decrypted => return Some(decrypted),
        }
        if self.look() > 0
            && let Some(tls) = &mut self.tls
        {
            tls.poll();
        }
        matches!(self.status(), Status::Connected).then(|| self.tls.as_ref().map_or(0, available))
    }

    /// Takes in what can be read, up to a bound: a write that fails makes the engine forget it.
    fn hold(&mut self) {
        let start = self.held.len();
        let at_hand = self.tls.as_ref().map_or(0, available) + available(&self.tcp);
        if at_hand == 0 || start >= CHUNK {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.resize(start + at_hand.min(CHUNK), 0);
        let len = self.read(&mut held[start..]).unwrap_or_default();
        held.truncate(start + len);
        self.held = held;
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
        if matches!(self.status(), Status::Connecting) {
            self.look();
            if let (Status::Connecting, Some(tls)) = (self.status(), &mut self.tls) {
                tls.poll();
            }
        }
        match self.status() {
            Status::Connecting => Ok(false),
            Status::Connected => {
                self.set_no_delay(true);
                Ok(true)
            }
            Status::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let held = self.held.len().min(buf.len());
        buf[..held].copy_from_slice(&self.held[..held]);
        if held < self.held.len() {
            self.held.drain(..held);
        } else {
            self.held = Vec::new();
        }
        match self.read(&mut buf[held..]) {
            Ok(len) => Ok(held + len),
            Err(_) if held > 0 => Ok(held),
            Err(error) => Err(error),
        }
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if matches!(self.status(), Status::Connected) {
            self.hold();
            if self.is_tls() {
                self.look();
            }
        }
        match self.status() {
            Status::Connected => {}
            Status::Connecting => return Err(io::ErrorKind::WouldBlock.into()),
            Status::Gone => return Err(io::ErrorKind::NotConnected.into()),
        }
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

/// How many bytes a connected stream has at hand.
fn available(stream: &Gd<impl Inherits<StreamPeer>>) -> usize {
    usize::try_from(stream.upcast_ref().get_available_bytes()).unwrap_or_default()
}

/// The second part of the engine's `[Error, value]`, unless the first one says that it failed.
fn part(result: &VarArray) -> io::Result<Variant> {
    match result.get(0).and_then(|error| error.try_to::<Error>().ok()) {
        Some(Error::OK) => Ok(result.get(1).unwrap_or_default()),
        Some(Error::ERR_BUSY) => Err(io::ErrorKind::WouldBlock.into()),
        error => Err(io::Error::other(format!("the engine's stream failed: {error:?}"))),
    }
}
