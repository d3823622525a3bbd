//! The bits of a frame: lengths, reserved bits, opcodes.

use tungsten_core::{ErrorKind, Kind};

use super::rig::{BOTH, Rig, Side};
use super::wire::{BINARY, CLOSE, FIN, Frame, LengthForm, MASK, PING, PONG, TEXT, binary, close, frame, ping, text};

/// Where the form of a length changes.
const LENGTHS: [usize; 7] = [0, 1, 125, 126, 127, 65535, 65536];

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn every_length_is_sent_in_its_shortest_form() {
    for side in BOTH {
        for len in LENGTHS {
            let mut rig = Rig::open(side);
            rig.send(Kind::Binary, &payload(len));
            let seen = Frame::parse_all(&rig.far.take());
            assert_eq!((seen.len(), seen[0].form), (1, LengthForm::shortest(len)), "{side:?}, {len}");
            assert_eq!((seen[0].first, &seen[0].payload), (FIN | BINARY, &payload(len)));
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn every_length_is_received() {
    for side in BOTH {
        for len in LENGTHS {
            let mut rig = Rig::open(side);
            rig.receive(&[binary(payload(len)), text("behind")]);
            assert_eq!(rig.messages(), [(Kind::Binary, payload(len)), (Kind::Text, b"behind".to_vec())]);
            rig.expect_open();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn header_may_come_byte_by_byte() {
    for side in BOTH {
        for len in LENGTHS {
            let mut rig = Rig::open(side);
            let wire = binary(payload(len)).with_mask(rig.mask_of_far_end()).encode();
            let (head, rest) = wire.split_at(wire.len().min(20));
            head.iter().for_each(|byte| rig.deliver(&[*byte]));
            if !rest.is_empty() {
                rig.deliver(rest);
            }
            assert_eq!(rig.messages(), [(Kind::Binary, payload(len))]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn length_in_more_bytes_than_it_needs_is_refused() {
    use LengthForm::{EightBytes, TwoBytes};
    for side in BOTH {
        for (len, form) in [(0, TwoBytes), (125, TwoBytes), (0, EightBytes), (126, EightBytes), (65535, EightBytes)] {
            for first in [FIN | TEXT, TEXT, FIN | BINARY] {
                let mut rig = Rig::open(side);
                let wide = frame(first, vec![b'x'; len]).in_form(form).with_mask(rig.mask_of_far_end()).encode();
                let before = text("before").with_mask(rig.mask_of_far_end()).encode();
                rig.deliver(&[before, wide].concat());
                assert_eq!(rig.texts(), ["before"], "{side:?}, {len}, {form:?}");
                rig.expect_violation();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn length_in_more_bytes_than_it_needs_is_refused_however_it_is_cut() {
    for side in BOTH {
        for step in 1..14 {
            let mut rig = Rig::open(side);
            let mask = rig.mask_of_far_end();
            let wire = [
                text("before").with_mask(mask).encode(),
                text("wide").in_form(LengthForm::EightBytes).with_mask(mask).encode(),
            ]
            .concat();
            wire.chunks(step).for_each(|piece| rig.deliver(piece));
            assert_eq!(rig.texts(), ["before"], "{side:?}, {step}");
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn control_frame_with_a_length_in_more_bytes_than_it_needs_is_refused() {
    for side in BOTH {
        for wide in [ping("x"), frame(FIN | PONG, "x"), close(1000, "")] {
            let mut rig = Rig::open(side);
            rig.deliver(&wide.in_form(LengthForm::TwoBytes).with_mask(rig.mask_of_far_end()).encode());
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn length_with_its_highest_bit_set_is_refused() {
    for side in BOTH {
        for len in [1 << 63, u64::MAX] {
            let mut rig = Rig::open(side);
            rig.deliver(&Frame::header(FIN | BINARY, LengthForm::EightBytes, len, rig.mask_of_far_end()));
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn largest_length_that_is_allowed_is_merely_too_big() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.deliver(&Frame::header(FIN | BINARY, LengthForm::EightBytes, (1 << 63) - 1, rig.mask_of_far_end()));
        rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn reserved_bits_are_never_sent() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.send(Kind::Text, b"text");
        rig.send(Kind::Binary, &payload(70_000));
        rig.ping(b"ping");
        rig.receive(&[ping("answer me"), close(1000, "")]);
        let firsts: Vec<u8> = rig.frames().iter().map(|frame| frame.first).collect();
        assert_eq!(firsts, [FIN | TEXT, FIN | BINARY, FIN | PING, FIN | PONG, FIN | CLOSE]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn reserved_bits_are_refused_in_every_kind_of_frame() {
    for side in BOTH {
        for bits in [0x40, 0x20, 0x10, 0x50, 0x70] {
            for first in [FIN | TEXT, FIN | BINARY, TEXT, FIN | PING, FIN | PONG, FIN | CLOSE] {
                let mut rig = Rig::open(side);
                rig.receive(&[text("before"), frame(first | bits, ""), text("after")]);
                assert_eq!(rig.texts(), ["before"]);
                rig.expect_violation();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
#[test]
fn reserved_opcodes_are_refused() {
    for side in BOTH {
        for opcode in (0x3..=0x7).chain(0xB..=0xF) {
            for fin in [0, FIN] {
                let mut rig = Rig::open(side);
                rig.receive(&[text("before"), frame(fin | opcode, "x"), text("after")]);
                assert_eq!(rig.texts(), ["before"], "{opcode:x}");
                rig.expect_violation();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.7>
#[test]
fn examples_of_the_rfc_are_read() {
    let mut client = Rig::open(Side::Client);
    client.deliver(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    client.deliver(&[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]);
    assert_eq!(client.texts(), ["Hello", "Hello"]);
    client.deliver(&[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(client.frames(), [frame(FIN | PONG, "Hello")]);

    let mut server = Rig::open(Side::Server);
    server.deliver(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    assert_eq!(server.texts(), ["Hello"]);
    assert_eq!(text("Hello").masked(MASK).encode()[6..], [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
}
