//! What reaches tungstenite, whatever the pieces that the wire brings.

#[cfg(feature = "deflate")]
mod compressed;
mod partial_text;

use super::super::frames::{close, frame, text};
use super::*;
use crate::handshake::DeflateParameters;
use std::io::ErrorKind;

const LIMIT: usize = 1 << 20;

/// A filter, and what it has handed on; what was taken out stands there as the frame it came in.
struct Rig {
    filter: Filter,
    out: Vec<u8>,
}

impl Rig {
    fn plain(role: Role) -> Self {
        Self { filter: Filter::new(role, LIMIT, None), out: Vec::new() }
    }

    /// Hands a piece in, as tungstenite asks for it: with room for at least a header. All of it is taken.
    fn feed(&mut self, mut piece: &[u8]) -> Result<(), String> {
        loop {
            match self.filter.read_whole(&mut piece).unwrap() {
                Follows::Message(message) => {
                    let first = if message.kind() == Kind::Text { 0x81 } else { 0x82 };
                    self.push(first, message.payload());
                    continue;
                }
                Follows::Close(frame) if frame.code() == 1005 => {
                    self.push(0x88, b"");
                    continue;
                }
                Follows::Close(frame) => {
                    self.push(0x88, &[&frame.code().to_be_bytes(), frame.reason().as_bytes()].concat());
                    continue;
                }
                Follows::Incomplete => break,
                Follows::Other => {}
            }
            let mut buf = [0; 4096];
            match self.filter.read(&mut piece, &mut buf) {
                Ok(len) => self.out.extend_from_slice(&buf[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.filter.is_taking_out() => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.to_string()),
            }
        }
        assert!(piece.is_empty());
        Ok(())
    }

    fn push(&mut self, first: u8, payload: &[u8]) {
        self.out.extend(match self.filter.role {
            Role::Client => frame(first, payload),
            Role::Server => masked(first, payload),
        });
    }
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

#[test]
fn boundaries_are_found_whatever_the_pieces() {
    let messages = [text("a"), frame(0x82, &[0; 300]), frame(0x82, &[0; 70_000]), frame(0x89, b""), close(1000, "")];
    let stream = messages.concat();
    let mut ends = Vec::new();
    for message in &messages {
        ends.push(ends.last().unwrap_or(&0) + message.len());
    }
    for step in [1, 2, 3, 7, 13, 4096] {
        let mut rig = Rig::plain(Role::Client);
        let mut taken = 0;
        for piece in stream.chunks(step) {
            rig.feed(piece).unwrap();
            taken += piece.len();
            assert_eq!(rig.filter.is_between_messages(), ends.contains(&taken), "step {step}, byte {taken}");
        }
        assert_eq!(rig.filter.frames, 5);
        assert!(rig.out == stream);
    }
}

#[test]
fn message_ends_with_its_last_fragment_not_with_a_control_frame() {
    let mut rig = Rig::plain(Role::Client);
    rig.feed(&[frame(0x01, b"a"), frame(0x89, b"ping")].concat()).unwrap();
    assert!(!rig.filter.is_between_messages());
    rig.feed(&frame(0x80, b"b")).unwrap();
    assert!(rig.filter.is_between_messages());
}

#[test]
fn what_is_invalid_is_handed_on_for_tungstenite_to_refuse() {
    let parameters = DeflateParameters::default();
    let first = frame(0x01, b"a");
    for (valid, bytes, role) in [
        // A reserved opcode, and what may follow it.
        (&[][..], [&[0x8F, 0x00][..], &text("a")].concat(), Role::Client),
        // Reserved bits that mean nothing, or nothing here.
        (&[], frame(0xE1, b"x"), Role::Client),
        (&[], frame(0xC9, b"ping"), Role::Client),
        (&first, frame(0xC0, b"b"), Role::Client),
        (&first, frame(0xC1, b"b"), Role::Client),
        (&[], frame(0xC0, b"b"), Role::Client),
        // Masked by the wrong side.
        (&[], masked(0xC1, b"x"), Role::Client),
        (&[], frame(0xC1, b"x"), Role::Server),
    ] {
        let decompressor = Decompressor::new(role, &parameters);
        let filter = Filter::new(role, LIMIT, Some(decompressor));
        let mut rig = Rig { filter, out: Vec::new() };
        rig.feed(&[valid, &bytes].concat()).unwrap();
        let mut expected = bytes;
        // tungstenite need not wait for the payload of a message to refuse it.
        if expected[0] & 0x08 == 0 {
            expected[1] &= 0x80;
        }
        assert_eq!(rig.out, [valid, &expected].concat());
    }
}

/// How many of these bytes are handed on, given in pieces of this size, and why not more.
fn taken(bytes: &[u8], step: usize) -> (usize, Option<Violation>) {
    let mut rig = Rig::plain(Role::Client);
    for piece in bytes.chunks(step) {
        if rig.feed(piece).is_err() {
            break;
        }
    }
    (rig.out.len(), rig.filter.violation)
}

#[test]
fn bytes_up_to_a_violation_are_taken() {
    for (bad, violation) in [
        (vec![0x81, 126, 0, 125], Violation::Length),
        (vec![0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], Violation::Length),
        (vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::Length),
        (vec![0x89, 126, 0, 126], Violation::ControlLength(126)),
        (close(1005, "reason"), Violation::CloseCode(1005)),
        (vec![0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xEE ^ 2], Violation::CloseCode(1006)),
    ] {
        let good = [text("a"), frame(0x82, &[0; 300]), close(1000, "")].concat();
        let bytes = [&good[..], &bad, &frame(0x82, b"b")].concat();
        for step in (1..20).chain([bytes.len()]) {
            assert_eq!(taken(&bytes, step), (good.len(), Some(violation.clone())), "step {step}");
        }
    }
}

#[test]
fn lengths_and_codes_that_are_allowed_are_taken() {
    for len in [0, 1, 125, 126, 65535, 65536] {
        let bytes = frame(0x82, &vec![0; len]);
        assert_eq!(taken(&bytes, 1), (bytes.len(), None));
    }
    for bytes in [frame(0x88, b""), frame(0x88, b"x"), close(1000, ""), close(1014, ""), close(4999, "reason")] {
        assert_eq!(taken(&bytes, 1), (bytes.len(), None));
    }
}
