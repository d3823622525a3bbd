//! Frames as RFC 6455 §5.2 draws them, and streams in memory.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tungsten_core::net::Stream;

pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;

/// The mask of the examples in §5.7.
pub(super) const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A frame without its mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(super) first: u8,
    pub(super) payload: Vec<u8>,
}

/// How many bytes hold the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LengthForm {
    SevenBits,
    TwoBytes,
    EightBytes,
}

/// A frame as it was found on the wire.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) frame: Frame,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) form: LengthForm,
}

pub(super) fn frame(first: u8, payload: impl Into<Vec<u8>>) -> Frame {
    Frame { first, payload: payload.into() }
}

pub(super) fn text(payload: &str) -> Frame {
    frame(FIN | TEXT, payload)
}

pub(super) fn binary(payload: impl Into<Vec<u8>>) -> Frame {
    frame(FIN | BINARY, payload)
}

pub(super) fn ping(payload: impl Into<Vec<u8>>) -> Frame {
    frame(FIN | PING, payload)
}

pub(super) fn pong(payload: impl Into<Vec<u8>>) -> Frame {
    frame(FIN | PONG, payload)
}

pub(super) fn close(code: u16, reason: &str) -> Frame {
    frame(FIN | CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

pub(super) fn close_empty() -> Frame {
    frame(FIN | CLOSE, [])
}

impl LengthForm {
    pub(super) fn shortest(len: usize) -> Self {
        match len {
            0..=125 => Self::SevenBits,
            126..=65535 => Self::TwoBytes,
            _ => Self::EightBytes,
        }
    }
}

impl Frame {
    pub(super) fn encode(&self, mask: Option<[u8; 4]>) -> Vec<u8> {
        self.encode_with(LengthForm::shortest(self.payload.len()), mask)
    }

    pub(super) fn encode_with(&self, form: LengthForm, mask: Option<[u8; 4]>) -> Vec<u8> {
        let mut bytes = header(self.first, form, self.payload.len() as u64, mask);
        bytes.extend(masked(&self.payload, mask.unwrap_or_default()));
        bytes
    }
}

/// Everything but the payload.
pub(super) fn header(first: u8, form: LengthForm, len: u64, mask: Option<[u8; 4]>) -> Vec<u8> {
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match form {
        LengthForm::SevenBits => bytes.push(mask_bit | len as u8),
        LengthForm::TwoBytes => {
            bytes.push(mask_bit | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        LengthForm::EightBytes => {
            bytes.push(mask_bit | 127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend(mask.into_iter().flatten());
    bytes
}

fn masked(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

/// The frames in `bytes`, which must be whole.
#[track_caller]
pub(super) fn parse(mut bytes: &[u8]) -> Vec<Seen> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (form, len, rest) = match second & 0x7F {
            126 => (LengthForm::TwoBytes, number(&rest[..2]), &rest[2..]),
            127 => (LengthForm::EightBytes, number(&rest[..8]), &rest[8..]),
            len => (LengthForm::SevenBits, usize::from(len), rest),
        };
        let (mask, rest) = match rest {
            [a, b, c, d, rest @ ..] if second & 0x80 != 0 => (Some([*a, *b, *c, *d]), rest),
            rest => (None, rest),
        };
        let payload = masked(&rest[..len], mask.unwrap_or_default());
        frames.push(Seen { frame: frame(*first, payload), mask, form });
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "{} bytes are no whole frame", bytes.len());
    frames
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
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
