//! What the other side did wrong: what it is told, and what the application is.

use crate::close::CloseFrame;
use crate::error::ErrorKind;
use std::fmt;

/// A breach of RFC 6455 or RFC 7692, or of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A frame has an opcode that nothing gives a meaning (RFC 6455 §5.2).
    Opcode(u8),
    /// So has a reserved bit (RFC 6455 §5.2).
    ReservedBit,
    /// A client has to mask (RFC 6455 §5.1).
    Unmasked,
    /// A server must not (RFC 6455 §5.1).
    Masked,
    /// A length has its highest bit set, or more bytes than it needs (RFC 6455 §5.2).
    Length,
    /// A control frame is no fragment (RFC 6455 §5.5).
    FragmentedControl,
    /// A control frame has more than 125 bytes (RFC 6455 §5.5).
    ControlLength(u64),
    /// A frame continues nothing (RFC 6455 §5.4).
    NothingToContinue,
    /// Messages are not interleaved (RFC 6455 §5.4).
    Interleaved,
    /// A close frame has a payload of one byte (RFC 6455 §5.5.1).
    HalfCloseCode,
    /// A close frame has a code that may not be sent (RFC 6455 §7.4).
    CloseCode(u16),
    /// A compressed message is malformed (RFC 7692 §7.2.2), with the reason.
    Compression(String),
    /// A text, or the reason of a close frame, is not UTF-8 (RFC 6455 §8.1).
    Text,
    /// A message has at least this many bytes, and may have so many (RFC 6455 §10.4).
    Size(u64, usize),
}

impl Violation {
    /// The close frame that answers it (RFC 6455 §7.4.1).
    pub(super) fn close_frame(&self) -> CloseFrame {
        match self {
            Self::Size(..) => CloseFrame::violation(1009, "Message too big"),
            Self::Text => CloseFrame::violation(1007, "Invalid frame payload data"),
            _ => CloseFrame::violation(1002, "Protocol error"),
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Size(..) => ErrorKind::MessageTooBig,
            Self::Text => ErrorKind::InvalidText,
            _ => ErrorKind::ProtocolViolation,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opcode(opcode) => write!(f, "a frame has the reserved opcode {opcode}"),
            Self::ReservedBit => f.write_str("a frame has a reserved bit that nothing gives a meaning"),
            Self::Unmasked => f.write_str("a frame of a client is not masked"),
            Self::Masked => f.write_str("a frame of a server is masked"),
            Self::Length => f.write_str("the length of a frame is not in its shortest form or has over 63 bits"),
            Self::FragmentedControl => f.write_str("a control frame is fragmented"),
            Self::ControlLength(len) => write!(f, "a control frame has {len} bytes, and may have 125"),
            Self::NothingToContinue => f.write_str("a frame continues a message, and none was begun"),
            Self::Interleaved => f.write_str("a message begins before the one under way has ended"),
            Self::HalfCloseCode => f.write_str("a close frame has one byte, which is half a code"),
            Self::CloseCode(code) => write!(f, "a close frame has the code {code}, which may not be sent"),
            Self::Compression(reason) => write!(f, "a compressed message cannot be decompressed: {reason}"),
            Self::Text => f.write_str("a text is not UTF-8"),
            Self::Size(size, max) => write!(f, "a message has {size} bytes or more, and may have {max}"),
        }
    }
}
