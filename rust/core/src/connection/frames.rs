//! Frames as a server sends and reads them, for tests.

use tungsten_testkit::Frame;

/// An unmasked frame with this first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    Frame::new(first, payload).encode()
}

/// A text message.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    Frame::text(payload).encode()
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    Frame::close(code, reason).encode()
}

/// The frames of a client, unmasked: opcode and payload.
pub(crate) fn parse(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let frames = Frame::parse_all(bytes).into_iter().map(|frame| {
        assert!(frame.mask.is_some(), "a client masks every frame");
        (frame.opcode(), frame.payload)
    });
    frames.collect()
}
