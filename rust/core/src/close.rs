//! Close codes and reasons (RFC 6455 §5.5.1, §7.4).

use std::fmt;
use std::str::Utf8Error;

/// Bytes that a reason may have: a control frame holds 125, two of them are the code (RFC 6455 §5.5).
const MAX_REASON: usize = 123;

/// Stands for a close frame without a code (RFC 6455 §7.4.1). Never sent.
const NO_STATUS: u16 = 1005;

/// A close frame, sent or received.
///
/// Invariant: it may be sent as it is. What a received one lacks stays away then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: u16,
    reason: String,
}

/// A close code that an endpoint may not put into a close frame (RFC 6455 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCloseCode(pub i64);

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close code {} may not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999", self.0)
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
            Ok(valid) if may_be_sent(valid) => {
                Ok(Self { code: valid, reason: reason[..reason.floor_char_boundary(MAX_REASON)].to_owned() })
            }
            _ => Err(InvalidCloseCode(code)),
        }
    }

    /// The code of RFC 6455 §7.4; 1005 if the frame has none.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reason, at most 123 bytes; empty if there is none.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether `reason` fits into a close frame as it is.
    pub fn reason_fits(reason: &str) -> bool {
        reason.len() <= MAX_REASON
    }

    /// The application goes away (RFC 6455 §7.4.1).
    pub(crate) fn going_away() -> Self {
        Self { code: 1001, reason: String::new() }
    }

    pub(crate) fn violation(code: u16, reason: &'static str) -> Self {
        debug_assert!(Self::reason_fits(reason));
        Self { code, reason: reason.to_owned() }
    }

    /// The payload that is sent (RFC 6455 §5.5.1).
    pub(crate) fn to_payload(&self) -> Vec<u8> {
        if self.code == NO_STATUS { Vec::new() } else { [&self.code.to_be_bytes(), self.reason.as_bytes()].concat() }
    }

    /// Reads the payload of a received frame, whose code has been checked with [`may_be_sent`].
    ///
    /// # Errors
    /// The reason is not UTF-8.
    pub(crate) fn from_payload(payload: &[u8]) -> Result<Self, Utf8Error> {
        let (code, reason) = match payload.split_first_chunk() {
            Some((code, reason)) => (u16::from_be_bytes(*code), reason),
            None => (NO_STATUS, payload),
        };
        Ok(Self { code, reason: std::str::from_utf8(reason)?.to_owned() })
    }
}

/// Whether a close frame may have this code: those of RFC 6455 §7.4.1 and of the registry that it opened
/// (<https://www.iana.org/assignments/websocket>, where 1012 to 1014 were added), and what §7.4.2 leaves to others.
pub(crate) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent_are_those_of_the_rfc() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999] {
            assert!(CloseFrame::to_send(code, "").is_ok(), "{code}");
        }
        for code in [-1, 0, 5, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536 + 1000] {
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
            "close code 1006 may not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        );
    }
}
