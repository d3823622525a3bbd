//! The words of the RFC for frames, and streams in memory.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tungsten_core::net::Stream;
pub(super) use tungsten_testkit::{FIN, Frame, LengthForm};

/// The mask of the examples in §5.7.
pub(super) const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

pub(super) const CONTINUATION: u8 = Frame::CONTINUATION;
pub(super) const TEXT: u8 = Frame::TEXT;
pub(super) const BINARY: u8 = Frame::BINARY;
pub(super) const CLOSE: u8 = Frame::CLOSE;
pub(super) const PING: u8 = Frame::PING;
pub(super) const PONG: u8 = Frame::PONG;

pub(super) fn frame(first: u8, payload: impl Into<Vec<u8>>) -> Frame {
    Frame::new(first, payload)
}

pub(super) fn text(payload: &str) -> Frame {
    Frame::text(payload)
}

pub(super) fn binary(payload: impl Into<Vec<u8>>) -> Frame {
    Frame::binary(payload)
}

pub(super) fn ping(payload: impl Into<Vec<u8>>) -> Frame {
    Frame::ping(payload)
}

pub(super) fn pong(payload: impl Into<Vec<u8>>) -> Frame {
    Frame::pong(payload)
}

pub(super) fn close(code: u16, reason: &str) -> Frame {
    Frame::close(code, reason)
}

pub(super) fn close_empty() -> Frame {
    Frame::close_with([])
}

/// One direction of a stream.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    finished: bool,
}

/// One end of a stream in memory. Dropping it ends the stream.
#[derive(Debug)]
pub(super) struct End {
    incoming: Arc<Mutex<Lane>>,
    outgoing: Arc<Mutex<Lane>>,
}

/// Both ends of a new stream.
pub(super) fn pipe() -> (End, End) {
    let (one, other) = (Arc::default(), Arc::default());
    (End { incoming: Arc::clone(&one), outgoing: Arc::clone(&other) }, End { incoming: other, outgoing: one })
}

/// Also behind a failed assertion, or dropping an end would hide which one.
fn lock(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl End {
    pub(super) fn write(&self, bytes: &[u8]) {
        lock(&self.outgoing).bytes.extend(bytes);
    }

    /// All that arrived since the last call.
    pub(super) fn take(&self) -> Vec<u8> {
        lock(&self.incoming).bytes.drain(..).collect()
    }

    pub(super) fn finish(&self) {
        lock(&self.outgoing).finished = true;
    }

    /// Tells, now and later, whether the other end has said that nothing more follows.
    pub(super) fn watch_end(&self) -> impl Fn() -> bool + use<> {
        let incoming = Arc::clone(&self.incoming);
        move || lock(&incoming).finished
    }
}

impl Stream for End {
    fn poll_connected(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut lane = lock(&self.incoming);
        if lane.bytes.is_empty() && !lane.finished {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        io::Read::read(&mut lane.bytes, buf)
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!lock(&self.outgoing).finished, "bytes were written behind the end");
        self.write(bytes);
        Ok(bytes.len())
    }

    fn finish(&mut self) {
        End::finish(self);
    }

    fn set_no_delay(&mut self, _: bool) {}

    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }
}

impl Drop for End {
    fn drop(&mut self) {
        End::finish(self);
    }
}
