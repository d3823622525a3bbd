//! Headers of frames: collected until they are whole, and checked for what tungstenite lets pass.

use super::super::MAX_CONTROL_PAYLOAD;
use crate::close::may_be_sent;
use std::fmt;
use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, OpCode};

/// The longest header (RFC 6455 §5.2) is 2 bytes, 8 of length and 4 of mask; the code of a close frame is read too.
const MAX_HELD: usize = 14 + 2;

/// The length of a payload has 63 bits (RFC 6455 §5.2).
const MAX_LENGTH: u64 = u64::MAX >> 1;

/// What tungstenite would not complain about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Violation {
    /// A close frame has a code that may not be sent (RFC 6455 §7.4).
    CloseCode(u16),
    /// A compressed message is malformed (RFC 7692 §7.2.2), with the reason.
    Compression(String),
    /// A control frame has more than 125 bytes (RFC 6455 §5.5). tungstenite would wait for all of them.
    ControlLength(u64),
    /// A length has its highest bit set, or more bytes than it needs (RFC 6455 §5.2).
    Length,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CloseCode(code) => write!(f, "a close frame has the code {code}, which may not be sent"),
            Self::Compression(reason) => write!(f, "a compressed message cannot be decompressed: {reason}"),
            Self::ControlLength(len) => write!(f, "a control frame has {len} bytes, and may have 125"),
            Self::Length => f.write_str("the length of a frame is not in its shortest form or has over 63 bits"),
        }
    }
}

impl std::error::Error for Violation {}

/// A few bytes that are taken in and handed on in order.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: [u8; MAX_HELD],
    start: usize,
    end: usize,
}

impl Held {
    /// The header of a frame with a payload of this length.
    pub(super) fn from_header(header: &FrameHeader, len: u64) -> Self {
        let mut held = Self::default();
        let mut room = &mut held.bytes[..];
        header.format(len, &mut room).expect("there is room for the longest header");
        held.end = MAX_HELD - room.len();
        held
    }

    /// Its last bytes, so many as were read of the payload.
    pub(super) fn payload(&self, len: u64) -> &[u8] {
        &self.bytes[self.end - len as usize..self.end]
    }

    /// Takes as many bytes as there is room for; returns how many.
    fn fill(&mut self, input: &[u8]) -> usize {
        let len = input.len().min(MAX_HELD - self.end);
        self.bytes[self.end..self.end + len].copy_from_slice(&input[..len]);
        self.end += len;
        len
    }

    /// Hands on what there is room for; returns how much.
    pub(super) fn hand_on(&mut self, buf: &mut [u8]) -> usize {
        let len = buf.len().min(self.end - self.start);
        buf[..len].copy_from_slice(&self.bytes[self.start..self.start + len]);
        self.start += len;
        len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// What follows in the stream.
#[derive(Debug)]
pub(super) enum Next {
    /// A frame, of whose payload `held` has the first `payload_held` bytes.
    Frame { header: FrameHeader, payload: u64, payload_held: u64, held: Held },
    /// No frame, which tungstenite will find out.
    Invalid(Held),
}

/// Collects the bytes of a header.
#[derive(Debug, Default)]
pub(super) struct HeaderReader(Held);

impl HeaderReader {
    /// Takes a header off the front of `input`; `None` if it is not whole, and then all of it was taken.
    ///
    /// # Errors
    /// What is wrong with it that tungstenite must not see.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Next>, Violation> {
        let before = self.0.end;
        let taken = self.0.fill(input);
        let Some((parsed, len)) = parse(&self.0.bytes[..self.0.end])? else {
            *input = &input[taken..];
            return Ok(None);
        };
        *input = &input[len - before..];
        let held = Held { end: len, ..std::mem::take(&mut self.0) };
        Ok(Some(match parsed {
            Some((header, payload)) => {
                let payload_held = (len - header.len(payload)) as u64;
                Next::Frame { header, payload, payload_held, held }
            }
            None => Next::Invalid(held),
        }))
    }

    /// Whether no part of a header has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A header with the length of its payload; `None` if it is invalid, which tungstenite sees as soon as we do.
type Parsed = Option<(FrameHeader, u64)>;

/// Reads a header, and with it the code of a close frame. Returns it with the length of both, or `None` if they are
/// not whole.
fn parse(bytes: &[u8]) -> Result<Option<(Parsed, usize)>, Violation> {
    let mut cursor = Cursor::new(bytes);
    let (header, payload) = match FrameHeader::parse(&mut cursor) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(_) => return Ok(Some((None, bytes.len()))),
    };
    let mut len = usize::try_from(cursor.position()).expect("a header has at most 14 bytes");
    if len != header.len(payload) || payload > MAX_LENGTH {
        return Err(Violation::Length);
    }
    if matches!(header.opcode, OpCode::Control(_)) && payload > MAX_CONTROL_PAYLOAD as u64 {
        return Err(Violation::ControlLength(payload));
    }
    if header.opcode == OpCode::Control(Control::Close) && payload >= 2 {
        let Some(code) = bytes[len..].first_chunk() else { return Ok(None) };
        check_close_code(*code, header.mask)?;
        len += code.len();
    }
    Ok(Some((Some((header, payload)), len)))
}

fn check_close_code([first, second]: [u8; 2], mask: Option<[u8; 4]>) -> Result<(), Violation> {
    let [one, two, ..] = mask.unwrap_or_default();
    let code = u16::from_be_bytes([first ^ one, second ^ two]);
    if may_be_sent(code) { Ok(()) } else { Err(Violation::CloseCode(code)) }
}
