//! What comes out, whatever the pieces that the wire brings.

#[cfg(feature = "deflate")]
mod compressed;

use super::super::budget::MAX_FRAMES;
use super::super::frames::{close, frame};
use super::*;
use crate::handshake::DeflateParameters;
use bytes::Bytes;

const LIMIT: usize = 1 << 20;

/// An assembler, and what it has given.
struct Rig {
    assembler: Assembler,
    items: Vec<Item>,
}

impl Rig {
    fn plain(role: Role) -> Self {
        Self { assembler: Assembler::new(role, LIMIT, None), items: Vec::new() }
    }

    fn deflated(role: Role, parameters: &DeflateParameters) -> Self {
        let decompressor = Some(Decompressor::new(role, parameters));
        Self { assembler: Assembler::new(role, LIMIT, decompressor), items: Vec::new() }
    }

    /// Reads on until there is nothing more, or until the poll has done its share.
    fn read(&mut self, input: &mut &[u8]) -> Result<Assembled, Violation> {
        let mut block = Block::default();
        loop {
            match self.assembler.read(input, &mut block)? {
                Assembled::Item(item) => self.items.push(item),
                pause => return Ok(pause),
            }
        }
    }

    /// Hands a piece in, which is taken in one poll.
    fn feed(&mut self, mut piece: &[u8]) -> Result<(), Violation> {
        assert_eq!(self.read(&mut piece)?, Assembled::NeedsInput);
        assert!(piece.is_empty());
        Ok(())
    }

    /// Whether nothing is kept that belongs to an item to come.
    fn is_between_messages(&self) -> bool {
        let Assembler { frame, message, control, .. } = &self.assembler;
        frame.is_none() && message.is_none() && control.is_empty()
    }
}

fn message(kind: Kind, payload: impl Into<Vec<u8>>) -> Item {
    Item::Message(Message::new(kind, Bytes::from(payload.into())))
}

fn string(payload: &str) -> Item {
    message(Kind::Text, payload)
}

/// The same bytes from a client.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    let header = frame(first, payload);
    let mut bytes = header[..header.len() - payload.len()].to_vec();
    bytes[1] |= 0x80;
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// How the other side encodes a frame.
type Encode = fn(u8, &[u8]) -> Vec<u8>;

fn rigs() -> [(Rig, Encode); 2] {
    [(Rig::plain(Role::Client), frame), (Rig::plain(Role::Server), masked)]
}

#[test]
fn items_are_the_same_whatever_the_pieces() {
    let (small, large) = (vec![1; 300], vec![2; 70_000]);
    for step in [1, 2, 3, 7, 13, 4096, 1 << 20] {
        for (mut rig, encode) in rigs() {
            let stream = [
                encode(0x81, b"a"),
                encode(0x02, &small),
                encode(0x89, b"ping"),
                encode(0x80, &large),
                encode(0x8A, b""),
                encode(0x01, b"b"),
                encode(0x00, b""),
                encode(0x80, "ü".as_bytes()),
                encode(0x88, &[0x03, 0xE8, b'x']),
            ];
            for piece in stream.concat().chunks(step) {
                rig.feed(piece).unwrap();
            }
            let expected = [
                string("a"),
                Item::Ping(b"ping".to_vec()),
                message(Kind::Binary, [&small[..], &large].concat()),
                Item::Pong(Vec::new()),
                string("bü"),
                Item::Close(CloseFrame::to_send(1000, "x").unwrap()),
            ];
            assert!(rig.items == expected, "step {step}: {:?}", rig.items);
            assert!(rig.is_between_messages());
        }
    }
}

#[test]
fn message_ends_with_its_last_fragment_not_with_a_control_frame() {
    let mut rig = Rig::plain(Role::Client);
    rig.feed(&[frame(0x01, b"a"), frame(0x89, b"ping")].concat()).unwrap();
    assert!(!rig.is_between_messages());
    rig.feed(&frame(0x80, b"b")).unwrap();
    assert_eq!(rig.items, [Item::Ping(b"ping".to_vec()), string("ab")]);
}

/// What is wrong with these bytes, given in pieces of this size.
fn violation(mut rig: Rig, bytes: &[u8], step: usize) -> Option<Violation> {
    bytes.chunks(step).find_map(|piece| rig.feed(piece).err())
}

#[test]
fn what_is_invalid_is_refused_whatever_the_pieces() {
    let parameters = DeflateParameters::default();
    let first = frame(0x01, b"a");
    for (valid, bytes, role, expected) in [
        (&[][..], vec![0x8F, 0x00], Role::Client, Violation::Opcode(15)),
        // Reserved bits that mean nothing, or nothing here.
        (&[], frame(0xE1, b"x"), Role::Client, Violation::ReservedBit),
        (&[], frame(0xC9, b"ping"), Role::Client, Violation::ReservedBit),
        (&first, frame(0xC0, b"b"), Role::Client, Violation::ReservedBit),
        (&first, frame(0xC1, b"b"), Role::Client, Violation::Interleaved),
        (&[], frame(0xC0, b"b"), Role::Client, Violation::NothingToContinue),
        (&[], masked(0xC1, b"x"), Role::Client, Violation::Masked),
        (&[], frame(0xC1, b"x"), Role::Server, Violation::Unmasked),
        (&[], vec![0x81, 126, 0, 125], Role::Client, Violation::Length),
        (&[], vec![0x89, 126, 0, 126], Role::Client, Violation::ControlLength(126)),
        (&[], close(1005, "reason"), Role::Client, Violation::CloseCode(1005)),
        (&[], frame(0x88, b"x"), Role::Client, Violation::HalfCloseCode),
        (&[], frame(0x88, &[0x03, 0xE8, 0xFF]), Role::Client, Violation::Text),
    ] {
        let bytes = [valid, &bytes].concat();
        for step in 1..=bytes.len() {
            let found = violation(Rig::deflated(role, &parameters), &bytes, step);
            assert_eq!(found.as_ref(), Some(&expected), "{bytes:?} in steps of {step}");
        }
    }
}

#[test]
fn reserved_bit_means_nothing_where_no_compression_was_agreed_on() {
    assert_eq!(violation(Rig::plain(Role::Client), &frame(0xC1, b"x"), 1), Some(Violation::ReservedBit));
}

#[test]
fn close_codes_that_are_allowed_are_taken() {
    for (bytes, code) in [(frame(0x88, b""), 1005), (close(1000, ""), 1000), (close(1014, ""), 1014)] {
        let mut rig = Rig::plain(Role::Client);
        rig.feed(&bytes).unwrap();
        assert!(matches!(&rig.items[..], [Item::Close(frame)] if frame.code() == code), "{:?}", rig.items);
    }
}

#[test]
fn message_that_is_too_big_is_refused_by_its_header() {
    for (mut rig, encode) in rigs() {
        rig.assembler.set_max_message_size(10);
        let bytes = encode(0x81, &[b'x'; 11]);
        assert_eq!(rig.feed(&bytes[..bytes.len() - 11]), Err(Violation::Size(11, 10)));
    }
}

#[test]
fn fragments_that_are_too_big_together_are_refused() {
    for (mut rig, encode) in rigs() {
        rig.assembler.set_max_message_size(10);
        rig.feed(&encode(0x01, b"seven..")).unwrap();
        let bytes = encode(0x80, b"four");
        rig.feed(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(rig.feed(&bytes[bytes.len() - 1..]), Err(Violation::Size(11, 10)));
    }
}

#[test]
fn text_is_refused_with_its_first_bad_byte() {
    for (mut rig, encode) in rigs() {
        let bytes = encode(0x81, b"valid \xC3\xBC \xED\xA0\x80 and so on");
        let start = bytes.len() - 22;
        rig.feed(&bytes[..start + 10]).unwrap();
        // A surrogate (RFC 3629 §3).
        assert_eq!(rig.feed(&bytes[start + 10..start + 11]), Err(Violation::Text));
    }
}

#[test]
fn text_that_ends_within_a_character_is_refused() {
    for (mut rig, encode) in rigs() {
        rig.feed(&encode(0x01, b"\xC3")).unwrap();
        assert_eq!(rig.feed(&encode(0x80, b"")), Err(Violation::Text));
    }
}

#[test]
fn memory_follows_what_has_come() {
    let mut rig = Rig::plain(Role::Client);
    rig.assembler.set_max_message_size(usize::MAX);
    rig.feed(&[0x82, 127, 0x7F, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    rig.feed(&[7; 1000]).unwrap();
    assert_eq!(rig.assembler.message.as_ref().unwrap().len(), 1000);
    assert!(rig.assembler.message.as_ref().unwrap().capacity() <= 2000);
}

#[test]
fn empty_frames_are_spread_over_polls() {
    let mut rig = Rig::plain(Role::Client);
    let stream = [frame(0x01, b"a"), frame(0x00, b"").repeat(3 * MAX_FRAMES), frame(0x80, b"b")].concat();
    let mut input = stream.as_slice();
    for _ in 0..3 {
        rig.assembler.start_poll();
        let before = input.len();
        assert_eq!(rig.read(&mut input), Ok(Assembled::Exhausted));
        assert!(before - input.len() <= 2 * MAX_FRAMES + 1);
    }
    rig.assembler.start_poll();
    assert_eq!(rig.read(&mut input), Ok(Assembled::NeedsInput));
    assert_eq!(rig.items, [string("ab")]);
}
