//! What the other side did wrong: what it is told, and what the application is.

use crate::close::CloseFrame;
use crate::error::ErrorKind;
use tungstenite::Error;
use tungstenite::error::ProtocolError;

/// The close frame that answers a violation (RFC 6455 §7.4.1), and its kind.
pub(super) fn violation_of(error: &Error) -> (CloseFrame, ErrorKind) {
    match error {
        Error::Capacity(_) => (CloseFrame::violation(1009, "Message too big"), ErrorKind::MessageTooBig),
        Error::Utf8(_) => (CloseFrame::violation(1007, "Invalid frame payload data"), ErrorKind::InvalidText),
        // The second is what the filter found.
        Error::Protocol(_) | Error::Io(_) => {
            (CloseFrame::violation(1002, "Protocol error"), ErrorKind::ProtocolViolation)
        }
        _ => (CloseFrame::violation(1011, "Internal error"), ErrorKind::Internal),
    }
}

/// The violation in a sentence as ours are.
pub(super) fn sentence_of(error: &Error, max_message_size: usize) -> String {
    match error {
        Error::Capacity(tungstenite::error::CapacityError::MessageTooLong { size, .. }) => {
            format!("a message has {size} bytes or more, and may have {max_message_size}")
        }
        Error::Utf8(_) => "a text is not UTF-8".to_owned(),
        Error::Io(found_by_filter) => found_by_filter.to_string(),
        Error::Protocol(breach) => sentence_of_breach(breach),
        other => format!("the library below has failed: {other}"),
    }
}

fn sentence_of_breach(breach: &ProtocolError) -> String {
    let sentence = match breach {
        ProtocolError::NonZeroReservedBits => "a frame has a reserved bit that nothing gives a meaning",
        ProtocolError::UnmaskedFrameFromClient => "a frame of a client is not masked",
        ProtocolError::MaskedFrameFromServer => "a frame of a server is masked",
        ProtocolError::FragmentedControlFrame => "a control frame is fragmented",
        ProtocolError::UnexpectedContinueFrame => "a frame continues a message, and none was begun",
        ProtocolError::ExpectedFragment(_) => "a message begins before the one under way has ended",
        ProtocolError::InvalidCloseSequence => "a close frame has one byte, which is half a code",
        ProtocolError::InvalidOpcode(opcode) => return format!("a frame has the reserved opcode {opcode}"),
        other => return format!("the protocol was broken: {other}"),
    };
    sentence.to_owned()
}
