//! Messages as they are framed for sending.

#[cfg(all(test, feature = "deflate"))]
mod tests;

use super::deflate::Method;
use super::mask::{Mask, extend_masked};
use crate::queue::Kind;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Why a message was not accepted for sending. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The connection is not open.
    NotOpen,
    /// As many bytes or messages wait as `outbound_high_water` or `max_queued_messages` allow.
    Full,
    /// A text message has to be UTF-8 (RFC 6455 §5.6).
    InvalidText,
    /// A ping may carry at most 125 bytes (RFC 6455 §5.5).
    PingTooLong,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "the connection is not open",
            Self::Full => "too much is waiting to be sent",
            Self::InvalidText => "a text message has to be valid UTF-8",
            Self::PingTooLong => "a ping carries at most 125 bytes",
        })
    }
}

impl std::error::Error for SendError {}

/// A message of a server, framed once for any number of connections: what a server sends is not masked.
///
/// For connections that have agreed on compression without context takeover it is compressed once too, when the first
/// of them sends it.
#[derive(Clone, Debug)]
pub struct Encoded {
    kind: Kind,
    plain: Arc<Framed>,
    compressed: Arc<Mutex<Vec<Variant>>>,
}

/// A frame with its header.
#[derive(Debug)]
pub(super) struct Framed {
    bytes: Vec<u8>,
    payload_at: usize,
}

/// A message as one method compresses it; `None` if that does not make it smaller.
#[derive(Debug)]
struct Variant {
    method: Method,
    frame: Option<Arc<Framed>>,
}

impl Encoded {
    /// Frames a message.
    ///
    /// # Errors
    /// [`SendError::InvalidText`] for text that is not UTF-8.
    pub fn new(kind: Kind, payload: &[u8]) -> Result<Self, SendError> {
        check_text(kind, payload)?;
        let plain = Arc::new(Framed::new(&data_header(kind, false, None), payload));
        Ok(Self { kind, plain, compressed: Arc::default() })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn payload(&self) -> &[u8] {
        self.plain.payload()
    }

    /// The frame as it is sent by this method.
    pub(super) fn frame(&self, method: Option<Method>) -> Arc<Framed> {
        let compressed = method.and_then(|method| self.compressed(method));
        compressed.unwrap_or_else(|| Arc::clone(&self.plain))
    }

    fn compressed(&self, method: Method) -> Option<Arc<Framed>> {
        let mut variants = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = variants.iter().find(|variant| variant.method == method) {
            return known.frame.clone();
        }
        let compressed = method.compress(self.payload());
        let frame = compressed.map(|payload| Arc::new(Framed::new(&data_header(self.kind, true, None), &payload)));
        variants.push(Variant { method, frame: frame.clone() });
        frame
    }
}

impl Framed {
    fn new(header: &FrameHeader, payload: &[u8]) -> Self {
        let payload_at = header.len(payload.len() as u64);
        let mut bytes = Vec::with_capacity(payload_at + payload.len());
        write_frame(&mut bytes, header, payload);
        Self { bytes, payload_at }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.bytes[self.payload_at..]
    }
}

pub(super) fn check_text(kind: Kind, payload: &[u8]) -> Result<(), SendError> {
    match kind {
        Kind::Text if simdutf8::basic::from_utf8(payload).is_err() => Err(SendError::InvalidText),
        _ => Ok(()),
    }
}

/// The header of a message in one frame; the first reserved bit marks it as compressed (RFC 7692 §6).
pub(super) fn data_header(kind: Kind, is_compressed: bool, mask: Option<Mask>) -> FrameHeader {
    let opcode = OpCode::Data(match kind {
        Kind::Text => Data::Text,
        Kind::Binary => Data::Binary,
    });
    FrameHeader { opcode, mask, rsv1: is_compressed, ..FrameHeader::default() }
}

/// Writes a frame in one copy, masked on the way (RFC 6455 §5.2, §5.3).
pub(super) fn write_frame(out: &mut Vec<u8>, header: &FrameHeader, payload: &[u8]) {
    header.format(payload.len() as u64, out).expect("writing to memory does not fail");
    extend_masked(out, payload, header.mask);
}

/// A ping, a pong or a close frame.
pub(super) fn control_frame(opcode: Control, mask: Option<Mask>, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { opcode: OpCode::Control(opcode), mask, ..FrameHeader::default() };
    let mut frame = Vec::with_capacity(header.len(payload.len() as u64) + payload.len());
    write_frame(&mut frame, &header, payload);
    frame
}
