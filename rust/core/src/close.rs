//! Close codes and reasons (RFC 6455 §5.5.1, §7.4).

use std::fmt;
use tungstenite::protocol::frame::Utf8Bytes;
use tungstenite::protocol::frame::coding::CloseCode;

/// Bytes that a reason may have: a control frame holds 125, two of them are the code (RFC 6455 §5.5).
const MAX_REASON: usize = 123;

/// Stands for a close frame without a code (RFC 6455 §7.4.1). Never sent.
const NO_STATUS: u16 = 1005;

/// A close frame, sent or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code of RFC 6455 §7.4; 1005 if the frame had none.
    pub code: u16,
    /// The reason, at most 123 bytes; empty if there was none.
    pub reason: String,
}

/// A close code that an endpoint may not put into a close frame (RFC 6455 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCloseCode(pub i64);

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close code {} may not be sent: use 1000 to 1003, 1007 to 1013 or 3000 to 4999", self.0)
    }
}

impl std::error::Error for InvalidCloseCode {}

impl CloseFrame {
    /// A frame that may be sent. A reason over 123 bytes is cut at a character boundary.
    ///
    /// # Errors
    /// [`InvalidCloseCode`] if RFC 6455 §7.4 keeps the code from being sent.
    pub fn to_send(code: i64, reason: &str) -> Result<Self, InvalidCloseCode> {
        match u16::try_from(code) {
            Ok(valid @ (1000..=1003 | 1007..=1013 | 3000..=4999)) => {
                Ok(Self { code: valid, reason: reason[..reason.floor_char_boundary(MAX_REASON)].to_owned() })
            }
            _ => Err(InvalidCloseCode(code)),
        }
    }

    /// Whether `reason` fits into a close frame as it is.
    pub fn reason_fits(reason: &str) -> bool {
        reason.len() <= MAX_REASON
    }

    pub(crate) fn violation(code: u16, reason: &'static str) -> Self {
        debug_assert!(Self::reason_fits(reason));
        Self { code, reason: reason.to_owned() }
    }

    pub(crate) fn to_wire(&self) -> tungstenite::protocol::CloseFrame {
        tungstenite::protocol::CloseFrame {
            code: CloseCode::from(self.code),
            reason: Utf8Bytes::from(self.reason.as_str()),
        }
    }

    pub(crate) fn from_wire(frame: Option<tungstenite::protocol::CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self { code: frame.code.into(), reason: frame.reason.as_str().to_owned() },
            None => Self { code: NO_STATUS, reason: String::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent_are_those_of_the_rfc() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1013, 3000, 4999] {
            assert!(CloseFrame::to_send(code, "").is_ok(), "{code}");
        }
        for code in [-1, 0, 5, 999, 1004, 1005, 1006, 1014, 1015, 1016, 2999, 5000, 65536 + 1000] {
            assert_eq!(CloseFrame::to_send(code, ""), Err(InvalidCloseCode(code)));
        }
    }

    #[test]
    fn reason_is_cut_at_a_character_boundary() {
        let reason = "ü".repeat(100);
        let frame = CloseFrame::to_send(1000, &reason).unwrap();
        assert_eq!(frame.reason, "ü".repeat(61));
        assert!(!CloseFrame::reason_fits(&reason));
    }

    #[test]
    fn invalid_code_says_which_ones_are_valid() {
        assert_eq!(
            InvalidCloseCode(1006).to_string(),
            "close code 1006 may not be sent: use 1000 to 1003, 1007 to 1013 or 3000 to 4999"
        );
    }
}
