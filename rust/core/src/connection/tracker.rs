//! Follows where frames start and end in the bytes that tungstenite takes.
//!
//! tungstenite keeps the memory that its largest message needed, and reads any number of empty fragments in one call.
//! To give the memory back and to bound the work of a poll, one has to know more than it tells.

use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// The longest header (RFC 6455 §5.2): 2 bytes, 8 of length, 4 of mask.
const MAX_HEADER: usize = 14;

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
    /// Frames that were started since [`Self::start_counting`].
    frames: usize,
    /// The largest payload of all.
    largest: u64,
}

impl FrameTracker {
    /// Follows the next bytes.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            if self.remaining > 0 {
                let payload = bytes.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
                self.remaining -= payload as u64;
                bytes = &bytes[payload..];
            } else {
                bytes = self.follow_header(bytes);
            }
        }
    }

    /// Takes a header, or what there is of one, off the front.
    fn follow_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.header.is_empty()
            && let Some(len) = self.start_frame(bytes)
        {
            return &bytes[len..];
        }
        let before = self.header.len();
        let missing = bytes.len().min(MAX_HEADER - before);
        self.header.extend_from_slice(&bytes[..missing]);
        let header = std::mem::take(&mut self.header);
        match self.start_frame(&header) {
            Some(len) => &bytes[len - before..],
            None => {
                self.header = header;
                &bytes[missing..]
            }
        }
    }

    /// Reads a header; returns its length, or `None` if it is not whole.
    fn start_frame(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut cursor = Cursor::new(bytes);
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, payload))) => {
                if let OpCode::Data(Data::Continue | Data::Text | Data::Binary) = header.opcode {
                    self.in_message = !header.is_final;
                }
                self.frames += 1;
                self.remaining = payload;
                self.largest = self.largest.max(payload);
                usize::try_from(cursor.position()).ok()
            }
            Ok(None) => None,
            Err(_) => {
                self.lost = true;
                Some(bytes.len())
            }
        }
    }

    /// Whether the bytes so far are whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.lost && !self.in_message && self.remaining == 0 && self.header.is_empty()
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
}
