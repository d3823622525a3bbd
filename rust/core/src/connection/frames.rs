//! Frames as a server sends and reads them, for tests.

use tungstenite::protocol::frame::FrameHeader;

/// A final, unmasked frame with this first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(len as u8),
        len @ 126..=65535 => {
            frame.push(126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A text message.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

/// The whole frames of a client, unmasked: opcode and payload.
pub(crate) fn parse(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut cursor = std::io::Cursor::new(bytes);
    let mut frames = Vec::new();
    while let Some((header, len)) = FrameHeader::parse(&mut cursor).expect("frames of a client are valid") {
        let mask = header.mask.expect("a client masks every frame");
        let start = cursor.position() as usize;
        let end = start + len as usize;
        let payload = bytes[start..end].iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]);
        frames.push((u8::from(header.opcode), payload.collect()));
        cursor.set_position(end as u64);
    }
    frames
}
