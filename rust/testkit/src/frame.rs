//! Frames as they are on the wire: nothing is checked, repaired or hidden.

/// A bit of [`Frame::first`]: nothing of this message follows.
pub const FIN: u8 = 0x80;

/// One frame as [RFC 6455 §5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2) draws it, with its payload
/// unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// [`FIN`], the reserved bits and the opcode.
    pub first: u8,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
    /// The key that was, or will be, applied on the wire.
    pub mask: Option<[u8; 4]>,
    /// How the length is written.
    pub form: LengthForm,
}

/// How many bytes hold the length of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// None but the second of the frame.
    SevenBits,
    /// Two more.
    TwoBytes,
    /// Eight more.
    EightBytes,
}

impl LengthForm {
    /// The form that the RFC demands for so many bytes.
    pub fn shortest(len: usize) -> Self {
        match len {
            0..=125 => Self::SevenBits,
            126..=65_535 => Self::TwoBytes,
            _ => Self::EightBytes,
        }
    }
}

impl Frame {
    /// The opcode of a fragment that is not the first of its message.
    pub const CONTINUATION: u8 = 0x0;
    /// The opcode of text.
    pub const TEXT: u8 = 0x1;
    /// The opcode of bytes.
    pub const BINARY: u8 = 0x2;
    /// The opcode of a close frame.
    pub const CLOSE: u8 = 0x8;
    /// The opcode of a ping.
    pub const PING: u8 = 0x9;
    /// The opcode of a pong.
    pub const PONG: u8 = 0xA;

    /// An unmasked frame with this first byte.
    pub fn new(first: u8, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        Self { first, form: LengthForm::shortest(payload.len()), payload, mask: None }
    }

    /// A final, unmasked text frame.
    pub fn text(payload: &str) -> Self {
        Self::new(FIN | Self::TEXT, payload)
    }

    /// A final, unmasked binary frame.
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(FIN | Self::BINARY, payload)
    }

    /// A ping.
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(FIN | Self::PING, payload)
    }

    /// A pong.
    pub fn pong(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(FIN | Self::PONG, payload)
    }

    /// A close frame with this code and reason, valid or not.
    pub fn close(code: u16, reason: &str) -> Self {
        Self::close_with([&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    /// A close frame with exactly this payload, which may be empty.
    pub fn close_with(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(FIN | Self::CLOSE, payload)
    }

    /// The same frame as a fragment that more will follow.
    pub fn not_final(mut self) -> Self {
        self.first &= !FIN;
        self
    }

    /// The same frame masked with this key.
    pub fn masked(self, mask: [u8; 4]) -> Self {
        self.with_mask(Some(mask))
    }

    /// The same frame, masked or not.
    pub fn with_mask(mut self, mask: Option<[u8; 4]>) -> Self {
        self.mask = mask;
        self
    }

    /// The same frame with its length in this form.
    pub fn in_form(mut self, form: LengthForm) -> Self {
        self.form = form;
        self
    }

    /// Whether nothing of this message follows.
    pub fn is_final(&self) -> bool {
        self.first & FIN != 0
    }

    /// What kind of frame it is, a known one or not.
    pub fn opcode(&self) -> u8 {
        self.first & 0x0F
    }

    /// The bytes of the frame on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut wire = Self::header(self.first, self.form, self.payload.len() as u64, self.mask);
        let start = wire.len();
        wire.extend_from_slice(&self.payload);
        if let Some(mask) = self.mask {
            apply_mask(&mut wire[start..], mask);
        }
        wire
    }

    /// The bytes of a frame without its payload, whatever length it claims. What does not fit into the form is cut off.
    pub fn header(first: u8, form: LengthForm, len: u64, mask: Option<[u8; 4]>) -> Vec<u8> {
        let (second, long) = match form {
            LengthForm::SevenBits => (len as u8 & 0x7F, 8),
            LengthForm::TwoBytes => (126, 6),
            LengthForm::EightBytes => (127, 0),
        };
        let mask_bit = if mask.is_some() { 0x80 } else { 0 };
        let mut wire = vec![first, mask_bit | second];
        wire.extend_from_slice(&len.to_be_bytes()[long..]);
        wire.extend(mask.into_iter().flatten());
        wire
    }

    /// The frame at the start of `wire` and how many bytes it has there, if it is whole.
    pub fn parse(wire: &[u8]) -> Option<(Self, usize)> {
        let [first, second, rest @ ..] = wire else { return None };
        let (form, long) = match second & 0x7F {
            126 => (LengthForm::TwoBytes, 2),
            127 => (LengthForm::EightBytes, 8),
            _ => (LengthForm::SevenBits, 0),
        };
        let (long, mut rest) = rest.split_at_checked(long)?;
        let len = match form {
            LengthForm::SevenBits => u64::from(second & 0x7F),
            _ => long.iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            let (key, behind) = rest.split_first_chunk()?;
            (mask, rest) = (Some(*key), behind);
        }
        // A length that does not fit into usize can never arrive.
        let (payload, behind) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        let mut payload = payload.to_vec();
        if let Some(mask) = mask {
            apply_mask(&mut payload, mask);
        }
        Some((Self { first: *first, payload, mask, form }, wire.len() - behind.len()))
    }

    /// All the frames of `wire`.
    ///
    /// # Panics
    /// If the last one is not whole.
    #[track_caller]
    pub fn parse_all(mut wire: &[u8]) -> Vec<Self> {
        let mut frames = Vec::new();
        while !wire.is_empty() {
            let (frame, len) = Self::parse(wire).expect("the last frame is whole");
            frames.push(frame);
            wire = &wire[len..];
        }
        frames
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
    pub(crate) fn take_frame(&mut self) -> Option<Frame> {
        let (frame, len) = Frame::parse(&self.bytes[self.start..])?;
        self.start += len;
        Some(frame)
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
            assert_eq!(inbox(&frame.encode()).take_frame(), Some(frame));
        }
    }

    /// The examples of <https://www.rfc-editor.org/rfc/rfc6455#section-5.7>.
    #[test]
    fn examples_of_the_rfc_are_written_so() {
        let hello = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
        assert_eq!(Frame::text("Hello").masked([0x37, 0xFA, 0x21, 0x3D]).encode(), hello);
        assert_eq!(Frame::text("Hel").not_final().encode(), [0x01, 0x03, 0x48, 0x65, 0x6C]);
        assert_eq!(Frame::binary([0; 256]).encode()[..4], [0x82, 0x7E, 0x01, 0x00]);
        assert_eq!(Frame::binary([0; 65_536]).encode()[..10], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn frame_is_taken_only_when_it_is_whole() {
        let wire = Frame::text("hello").encode();
        let mut inbox = Inbox::default();
        for byte in &wire {
            assert_eq!(inbox.take_frame(), None);
            inbox.tail().push(*byte);
        }
        assert_eq!(inbox.take_frame(), Some(Frame::text("hello")));
        assert_eq!(inbox.take_frame(), None);
    }

    #[test]
    fn length_in_a_longer_form_is_noticed() {
        let wire = [0x81, 126, 0, 1, b'a'];
        let frame = inbox(&wire).take_frame().unwrap();
        assert_eq!(frame, Frame::text("a").in_form(LengthForm::TwoBytes));
        assert_eq!(frame.encode(), wire);
    }

    #[test]
    fn head_ends_at_the_blank_line() {
        let mut inbox = inbox(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest");
        assert_eq!(inbox.take_head().unwrap(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(inbox.take_head(), None);
        assert_eq!(inbox.take_all(), b"rest");
    }
}
