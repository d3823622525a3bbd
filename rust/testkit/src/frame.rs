//! Frames as they are on the wire: nothing is checked, repaired or hidden.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// One frame ([RFC 6455 §5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)) with its payload unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header; its mask is the key that was, or will be, applied on the wire.
    pub header: FrameHeader,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
    /// Whether the length was written in the shortest form, as the RFC demands. Only read, never written.
    pub minimal_length: bool,
}

impl Frame {
    /// A final, unmasked frame without reserved bits. Only the low four bits of `opcode` count.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let header = FrameHeader { opcode: OpCode::from(opcode & 0x0F), ..FrameHeader::default() };
        Self { header, payload: payload.into(), minimal_length: true }
    }

    /// A final, unmasked text frame.
    pub fn text(payload: &str) -> Self {
        Self::new(OpCode::Data(Data::Text).into(), payload)
    }

    /// A final, unmasked binary frame.
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(OpCode::Data(Data::Binary).into(), payload)
    }

    /// A ping.
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(OpCode::Control(Control::Ping).into(), payload)
    }

    /// A pong.
    pub fn pong(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(OpCode::Control(Control::Pong).into(), payload)
    }

    /// A close frame with this code and reason, valid or not.
    pub fn close(code: u16, reason: &str) -> Self {
        Self::close_with([&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    /// A close frame with exactly this payload, which may be empty.
    pub fn close_with(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(OpCode::Control(Control::Close).into(), payload)
    }

    /// The same frame as a fragment that more will follow.
    pub fn not_final(mut self) -> Self {
        self.header.is_final = false;
        self
    }

    /// The same frame masked with this key.
    pub fn masked(mut self, mask: [u8; 4]) -> Self {
        self.header.mask = Some(mask);
        self
    }

    /// The bytes of the frame on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(self.payload.len() + 14);
        self.header.format(self.payload.len() as u64, &mut wire).expect("writing to a Vec does not fail");
        let start = wire.len();
        wire.extend_from_slice(&self.payload);
        if let Some(mask) = self.header.mask {
            apply_mask(&mut wire[start..], mask);
        }
        wire
    }
}

/// Bytes that have arrived and wait to be taken in larger units.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// Invariant: start <= bytes.len(); what lies before was taken already.
    start: usize,
}

impl Inbox {
    /// Where to append what arrives.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.start);
        self.start = 0;
        &mut self.bytes
    }

    /// All bytes.
    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        std::mem::take(self.tail())
    }

    /// Everything up to and with the first blank line, if that has arrived.
    pub(crate) fn take_head(&mut self) -> Option<String> {
        const BLANK_LINE: &[u8] = b"\r\n\r\n";
        let bytes = &self.bytes[self.start..];
        let length = bytes.windows(BLANK_LINE.len()).position(|window| window == BLANK_LINE)? + BLANK_LINE.len();
        let head = String::from_utf8_lossy(&bytes[..length]).into_owned();
        self.start += length;
        Some(head)
    }

    /// The next frame, if it has arrived whole.
    ///
    /// # Errors
    /// - when the header has a reserved opcode; the stream cannot be read on after that.
    pub(crate) fn take_frame(&mut self) -> Result<Option<Frame>, tungstenite::Error> {
        let bytes = &self.bytes[self.start..];
        let mut cursor = Cursor::new(bytes);
        let Some((header, length)) = FrameHeader::parse(&mut cursor)? else {
            return Ok(None);
        };
        let body = &bytes[cursor.position() as usize..];
        // Compared as u64: a length that does not fit into usize can never arrive.
        if (body.len() as u64) < length {
            return Ok(None);
        }
        let mut payload = body[..length as usize].to_vec();
        if let Some(mask) = header.mask {
            apply_mask(&mut payload, mask);
        }
        let minimal_length = header.len(length) as u64 == cursor.position();
        self.start += cursor.position() as usize + payload.len();
        Ok(Some(Frame { header, payload, minimal_length }))
    }
}

/// Masks or unmasks. Eight bytes at a time, since the testkit handles 100 MB in builds without optimisation.
fn apply_mask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(bytes: &[u8]) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.tail().extend_from_slice(bytes);
        inbox
    }

    #[test]
    fn masked_frame_survives_the_wire() {
        for size in [0, 1, 7, 8, 9, 125, 126, 65_535, 65_536] {
            let frame = Frame::binary(vec![b'x'; size]).masked([1, 2, 3, 4]);
            assert_eq!(inbox(&frame.encode()).take_frame().unwrap(), Some(frame));
        }
    }

    #[test]
    fn frame_is_taken_only_when_it_is_whole() {
        let wire = Frame::text("hello").encode();
        let mut inbox = Inbox::default();
        for byte in &wire {
            assert_eq!(inbox.take_frame().unwrap(), None);
            inbox.tail().push(*byte);
        }
        assert_eq!(inbox.take_frame().unwrap(), Some(Frame::text("hello")));
        assert_eq!(inbox.take_frame().unwrap(), None);
    }

    #[test]
    fn length_in_a_longer_form_is_noticed() {
        let frame = inbox(&[0x81, 126, 0, 1, b'a']).take_frame().unwrap().unwrap();
        assert!(!frame.minimal_length);
        assert_eq!(frame.payload, b"a");
    }

    #[test]
    fn head_ends_at_the_blank_line() {
        let mut inbox = inbox(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest");
        assert_eq!(inbox.take_head().unwrap(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(inbox.take_head(), None);
        assert_eq!(inbox.take_all(), b"rest");
    }
}
