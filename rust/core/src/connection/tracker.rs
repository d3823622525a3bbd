//! Follows where frames start and end in the bytes that tungstenite takes.
//!
//! tungstenite keeps the memory that its largest message needed, and reads any number of empty fragments in one call.
//! To give the memory back and to bound the work of a poll, one has to know more than it tells. Besides, it lets pass
//! two things that RFC 6455 forbids: see [`Violation`].

use super::MAX_CONTROL_PAYLOAD;
use std::fmt;
use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The longest header (RFC 6455 §5.2): 2 bytes, 8 of length, 4 of mask.
const MAX_HEADER: usize = 14;

/// The length of a payload has 63 bits (RFC 6455 §5.2).
const MAX_LENGTH: u64 = u64::MAX >> 1;

/// What tungstenite would not complain about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A close frame has a code that may not be sent (RFC 6455 §7.4). tungstenite answers it, but then cannot be told
    /// from one that has received 1002.
    CloseCode(u16),
    /// A length has its highest bit set, or more bytes than it needs (RFC 6455 §5.2).
    Length,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CloseCode(code) => write!(f, "a close frame has the code {code}, which may not be sent"),
            Self::Length => f.write_str("the length of a frame is not in its shortest form or has over 63 bits"),
        }
    }
}

impl std::error::Error for Violation {}

/// Where the last byte that was taken stands.
#[derive(Debug, Default)]
pub(super) struct FrameTracker {
    /// The start of a header that is not whole yet; at most [`MAX_HEADER`] bytes.
    header: Vec<u8>,
    /// Bytes that the payload of the current frame still lacks.
    remaining: u64,
    /// More fragments of a message follow.
    in_message: bool,
    /// The stream is no valid sequence of frames, which tungstenite will find out.
    lost: bool,
    /// The stream is no valid sequence of frames, which tungstenite must not see.
    violation: Option<Violation>,
    /// Frames that were started since [`Self::start_counting`].
    frames: usize,
    /// The largest payload of all.
    largest: u64,
}

impl FrameTracker {
    /// Follows the next bytes; returns how many of them may be taken, which is all unless there is a violation.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.lost && self.violation.is_none() {
            if self.remaining > 0 {
                let payload = rest.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
                self.remaining -= payload as u64;
                rest = &rest[payload..];
            } else {
                match self.follow_header(rest) {
                    Ok(len) => rest = &rest[len..],
                    Err(violation) => self.violation = Some(violation),
                }
            }
        }
        if self.violation.is_some() { bytes.len() - rest.len() } else { bytes.len() }
    }

    /// Takes a header, or what there is of one, off the front; returns its length.
    fn follow_header(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        if self.header.is_empty()
            && let Some(len) = self.start_frame(bytes)?
        {
            return Ok(len);
        }
        let before = self.header.len();
        let missing = bytes.len().min(MAX_HEADER - before);
        self.header.extend_from_slice(&bytes[..missing]);
        let header = std::mem::take(&mut self.header);
        match self.start_frame(&header)? {
            Some(len) => Ok(len - before),
            None => {
                self.header = header;
                Ok(missing)
            }
        }
    }

    /// Reads a header, and with it the code of a close frame; returns the length of both, or `None` if they are not
    /// whole.
    fn start_frame(&mut self, bytes: &[u8]) -> Result<Option<usize>, Violation> {
        let mut cursor = Cursor::new(bytes);
        let (header, payload) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return Ok(None),
            Err(_) => {
                self.lost = true;
                return Ok(Some(bytes.len()));
            }
        };
        let head = usize::try_from(cursor.position()).expect("a header has at most 14 bytes");
        if head != header.len(payload) || payload > MAX_LENGTH {
            return Err(Violation::Length);
        }
        // A longer close frame is refused for its length.
        let has_code = (2..=MAX_CONTROL_PAYLOAD as u64).contains(&payload);
        let mut taken = 0;
        if header.opcode == OpCode::Control(Control::Close) && has_code {
            let Some(code) = bytes[head..].first_chunk() else { return Ok(None) };
            check_close_code(*code, header.mask)?;
            taken = code.len();
        }
        if let OpCode::Data(Data::Continue | Data::Text | Data::Binary) = header.opcode {
            self.in_message = !header.is_final;
        }
        self.frames += 1;
        self.remaining = payload - taken as u64;
        self.largest = self.largest.max(payload);
        Ok(Some(head + taken))
    }

    /// Why no more bytes may be taken.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation
    }

    /// Whether the bytes so far are whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.lost && self.violation.is_none() && !self.in_message && self.remaining == 0 && self.header.is_empty()
    }

    /// The largest payload since the tracker was made.
    pub(super) fn largest(&self) -> u64 {
        self.largest
    }

    /// Frames that were started since [`Self::start_counting`].
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    pub(super) fn start_counting(&mut self) {
        self.frames = 0;
    }
}

fn check_close_code([first, second]: [u8; 2], mask: Option<[u8; 4]>) -> Result<(), Violation> {
    let [one, two, ..] = mask.unwrap_or_default();
    let code = u16::from_be_bytes([first ^ one, second ^ two]);
    if CloseCode::from(code).is_allowed() { Ok(()) } else { Err(Violation::CloseCode(code)) }
}

#[cfg(test)]
mod tests {
    use super::super::frames::{close, frame, text};
    use super::*;

    #[test]
    fn boundaries_are_found_whatever_the_pieces() {
        let messages =
            [text("a"), frame(0x82, &[0; 300]), frame(0x82, &[0; 70_000]), frame(0x89, b""), close(1000, "")];
        let stream = messages.concat();
        let mut ends = Vec::new();
        for message in &messages {
            ends.push(ends.last().unwrap_or(&0) + message.len());
        }
        for step in [1, 2, 3, 7, 13, 4096] {
            let mut tracker = FrameTracker::default();
            let mut taken = 0;
            for piece in stream.chunks(step) {
                tracker.follow(piece);
                taken += piece.len();
                assert_eq!(tracker.is_between_messages(), ends.contains(&taken), "step {step}, byte {taken}");
            }
            assert_eq!((tracker.frames(), tracker.largest()), (5, 70_000));
        }
    }

    #[test]
    fn masked_frames_have_four_bytes_more() {
        let mut tracker = FrameTracker::default();
        tracker.follow(&[0x81, 0x81, 1, 2, 3, 4, 0x40]);
        assert!(tracker.is_between_messages());
    }

    #[test]
    fn message_ends_with_its_last_fragment_not_with_a_control_frame() {
        let mut tracker = FrameTracker::default();
        tracker.follow(&[frame(0x01, b"a"), frame(0x89, b"ping")].concat());
        assert!(!tracker.is_between_messages());
        tracker.follow(&frame(0x80, b"b"));
        assert!(tracker.is_between_messages());
    }

    #[test]
    fn invalid_header_is_never_a_boundary() {
        let mut tracker = FrameTracker::default();
        tracker.follow(&[0x8F, 0x00, 0x81, 0x00]);
        assert!(!tracker.is_between_messages());
    }

    /// How many of these bytes may be taken, given in pieces of this size.
    fn taken(bytes: &[u8], step: usize) -> (usize, Option<Violation>) {
        let mut tracker = FrameTracker::default();
        let taken = bytes.chunks(step).map(|piece| tracker.follow(piece)).sum();
        (taken, tracker.violation())
    }

    #[test]
    fn bytes_up_to_a_violation_are_taken() {
        for (bad, violation) in [
            (vec![0x81, 126, 0, 125], Violation::Length),
            (vec![0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], Violation::Length),
            (vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::Length),
            (close(1005, "reason"), Violation::CloseCode(1005)),
            (vec![0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xEE ^ 2], Violation::CloseCode(1006)),
        ] {
            let good = [text("a"), frame(0x82, &[0; 300]), close(1000, "")].concat();
            let bytes = [&good[..], &bad, &text("b")].concat();
            assert_eq!(taken(&bytes, bytes.len()), (good.len(), Some(violation)));
            for step in 1..20 {
                let (taken, found) = taken(&bytes, step);
                assert_eq!(found, Some(violation));
                assert!((good.len()..good.len() + bad.len()).contains(&taken), "step {step}: {taken}");
            }
        }
    }

    #[test]
    fn lengths_and_codes_that_are_allowed_are_taken() {
        for len in [0, 1, 125, 126, 65535, 65536] {
            let bytes = frame(0x82, &vec![0; len]);
            assert_eq!(taken(&bytes, 1), (bytes.len(), None));
        }
        for bytes in [frame(0x88, b""), frame(0x88, b"x"), close(1000, ""), close(4999, "reason")] {
            assert_eq!(taken(&bytes, 1), (bytes.len(), None));
        }
    }
}
