//! Text that comes in pieces.

use super::*;

/// Frames as tungstenite would read them: first byte and payload without its mask.
fn frames(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut cursor = std::io::Cursor::new(bytes);
    let mut frames = Vec::new();
    while let Some((header, len)) = FrameHeader::parse(&mut cursor).unwrap() {
        let start = cursor.position() as usize;
        let end = start + len as usize;
        let mask = header.mask.unwrap_or_default();
        let payload = bytes[start..end].iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]);
        frames.push((u8::from(header.opcode) | u8::from(header.is_final) << 7, payload.collect()));
        cursor.set_position(end as u64);
    }
    frames
}

/// How the other side encodes a frame.
type Encode = fn(u8, &[u8]) -> Vec<u8>;

fn rigs() -> [(Rig, Encode); 2] {
    [(Rig::plain(Role::Client), frame), (Rig::plain(Role::Server), masked)]
}

#[test]
fn whole_frames_pass_as_they_are() {
    for (mut rig, encode) in rigs() {
        let bytes = [encode(0x81, b"one"), encode(0x01, b"tw"), encode(0x80, b"o"), encode(0x82, &[7; 5000])].concat();
        rig.feed(&bytes).unwrap();
        assert!(rig.out == bytes);
    }
}

#[test]
fn what_has_come_of_a_text_is_handed_on_at_once() {
    for (mut rig, encode) in rigs() {
        let bytes = encode(0x81, b"Hello, world");
        let start = bytes.len() - 12;
        rig.feed(&bytes[..start]).unwrap();
        assert!(rig.out.is_empty(), "a header alone says nothing about the text");
        for (from, to, expected) in [(0, 5, (0x01, "Hello")), (5, 6, (0x00, ",")), (6, 12, (0x80, " world"))] {
            rig.feed(&bytes[start + from..start + to]).unwrap();
            assert_eq!(frames(&rig.out), [(expected.0, expected.1.as_bytes().to_vec())]);
            rig.out.clear();
        }
        assert!(rig.filter.is_between_messages());
    }
}

#[test]
fn last_fragment_of_a_text_ends_it_and_others_do_not() {
    for (mut rig, encode) in rigs() {
        let bytes = [encode(0x01, b"ab"), encode(0x89, b"ping"), encode(0x00, b"cd"), encode(0x80, b"ef")].concat();
        for piece in bytes.chunks(1) {
            rig.feed(piece).unwrap();
        }
        let expected = [(0x01, "a"), (0x00, "b"), (0x89, "ping"), (0x00, "c"), (0x00, "d"), (0x00, "e"), (0x80, "f")];
        assert_eq!(frames(&rig.out), expected.map(|(first, payload)| (first, payload.as_bytes().to_vec())));
    }
}

#[test]
fn text_that_is_too_big_passes_as_it_is_to_be_refused_by_its_length() {
    for (mut rig, encode) in rigs() {
        rig.filter.set_max_message_size(10);
        let bytes = encode(0x81, &[b'x'; 11]);
        rig.feed(&bytes[..bytes.len() - 1]).unwrap();
        assert!(rig.out == bytes[..bytes.len() - 1]);
    }
}
