//! The examples of the RFC, byte by byte, and what is like them.

use tungsten_core::Kind;

use super::agreement::{RSV1, alone, takeover};
use super::rig::{BOTH, Rig};
use super::wire::{BINARY, CONTINUATION, FIN, TEXT, frame, text};

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

/// Ends of both kinds; the examples do not depend on it unless they say so.
fn rigs() -> impl Iterator<Item = Rig> {
    BOTH.into_iter().flat_map(|side| [alone(side), takeover(side)])
}

#[track_caller]
fn expect_hello(rig: &mut Rig) {
    assert_eq!(rig.texts(), ["Hello"]);
    rig.expect_open();
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.1>
#[test]
fn one_compressed_block() {
    for mut rig in rigs() {
        rig.receive(&[frame(FIN | RSV1 | TEXT, HELLO)]);
        expect_hello(&mut rig);
        rig.receive(&[frame(RSV1 | TEXT, &HELLO[..3]), frame(FIN | CONTINUATION, &HELLO[3..])]);
        expect_hello(&mut rig);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.2>
#[test]
fn shared_window() {
    let shared = frame(FIN | RSV1 | TEXT, [0xf2, 0x00, 0x11, 0x00, 0x00]);
    for side in BOTH {
        let mut rig = takeover(side);
        rig.receive(&[frame(FIN | RSV1 | TEXT, HELLO), shared.clone()]);
        assert_eq!(rig.texts(), ["Hello", "Hello"]);

        let mut rig = alone(side);
        rig.receive(&[frame(FIN | RSV1 | TEXT, HELLO), shared.clone()]);
        assert_eq!(rig.texts(), ["Hello"]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.3>
#[test]
fn block_without_compression() {
    for mut rig in rigs() {
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        rig.receive(&[frame(FIN | RSV1 | TEXT, stored), frame(FIN | RSV1 | TEXT, stored)]);
        assert_eq!(rig.texts(), ["Hello", "Hello"]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.4>
#[test]
fn final_block() {
    let wire = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    for mut rig in rigs() {
        rig.receive(&[frame(FIN | RSV1 | TEXT, wire)]);
        expect_hello(&mut rig);
        // In the middle of a message too, and without the byte that should follow.
        rig.receive(&[frame(RSV1 | TEXT, &wire[..7]), frame(FIN | CONTINUATION, HELLO)]);
        assert_eq!(rig.texts(), ["HelloHello"]);
        rig.receive(&[frame(FIN | RSV1 | TEXT, &wire[..7]), frame(FIN | RSV1 | TEXT, HELLO)]);
        assert_eq!(rig.texts(), ["Hello", "Hello"]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.5>
#[test]
fn two_blocks() {
    for mut rig in rigs() {
        let wire = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        rig.receive(&[frame(FIN | RSV1 | TEXT, wire)]);
        expect_hello(&mut rig);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.6>
#[test]
fn empty_message() {
    for mut rig in rigs() {
        rig.receive(&[frame(FIN | RSV1 | TEXT, [0x00]), frame(FIN | RSV1 | TEXT, HELLO)]);
        assert_eq!(rig.texts(), ["", "Hello"]);
        rig.receive(&[frame(RSV1 | TEXT, HELLO), frame(CONTINUATION, []), frame(FIN | CONTINUATION, [])]);
        expect_hello(&mut rig);
        // No valid data, but what it means is beyond doubt.
        rig.receive(&[frame(FIN | RSV1 | BINARY, []), frame(FIN | RSV1 | TEXT, HELLO), text("")]);
        let messages = rig.messages();
        assert_eq!(messages, [(Kind::Binary, vec![]), (Kind::Text, b"Hello".to_vec()), (Kind::Text, vec![])]);
        rig.expect_open();
    }
}
