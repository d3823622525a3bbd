//! Data that is no compressed data, and data that is more than it looks.

use tungsten_core::{ErrorKind, Kind};

use super::agreement::{RSV1, alone, alone_with, compressed, noise, takeover, verse};
use super::rig::{BOTH, Rig};
use super::wire::{BINARY, CONTINUATION, FIN, TEXT, binary, frame, text};

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn data_that_cannot_be_decompressed_is_refused_and_named() {
    for side in BOTH {
        for rig in [alone, takeover] {
            for invalid in [&[0xFF][..], &[0x06], &[0x00, 1, 0, 0, 0, 7], &[0xF2, 0x00, 0x11, 0x00, 0x00]] {
                let mut rig = rig(side);
                rig.receive(&[text("before"), frame(FIN | RSV1 | TEXT, invalid), text("after")]);
                assert_eq!(rig.texts(), ["before"]);
                rig.expect_violation();
                let error = rig.peer.error().unwrap();
                assert!(error.message().contains("cannot be decompressed"), "{error}");
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn message_that_ends_too_early_is_refused() {
    for side in BOTH {
        let wire = compressed(noise(100));
        for len in [2, 5, 50, 99] {
            let mut rig = alone(side);
            rig.receive(&[frame(FIN | RSV1 | BINARY, &wire[..len])]);
            assert!(rig.messages().is_empty(), "{len}");
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn any_change_of_a_bit_is_refused_or_harmless() {
    let wire = compressed(verse(200));
    for side in BOTH {
        for bit in 0..wire.len() * 8 {
            let mut changed = wire.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut rig = alone(side);
            rig.receive(&[frame(FIN | RSV1 | BINARY, changed), binary("after")]);
            let messages = rig.messages();
            match rig.peer.state() {
                tungsten_core::ReadyState::Open => assert_eq!(messages[1], (Kind::Binary, b"after".to_vec())),
                _ => rig.expect_violation(),
            }
        }
    }
}

const LIMIT: usize = 100_000;

/// <https://www.rfc-editor.org/rfc/rfc7692#section-8>
#[test]
fn message_of_the_largest_size_is_received_and_a_larger_one_refused() {
    for side in BOTH {
        for message in [noise(LIMIT), vec![0; LIMIT]] {
            let mut rig = alone_with(side, |config| config.max_message_size = LIMIT);
            rig.receive(&[frame(FIN | RSV1 | BINARY, compressed(&message))]);
            assert!(rig.messages() == [(Kind::Binary, message.clone())]);
            rig.receive(&[text("before"), frame(FIN | RSV1 | BINARY, compressed([message, vec![0]].concat()))]);
            assert_eq!(rig.texts(), ["before"]);
            rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-8>
#[test]
fn bomb_is_refused_before_it_has_come() {
    let bomb = compressed(vec![0; 64 << 20]);
    assert!(bomb.len() < 70_000);
    for side in BOTH {
        for fragmented in [false, true] {
            let mut rig = alone_with(side, |config| config.max_message_size = LIMIT);
            if fragmented {
                rig.receive(&[frame(RSV1 | TEXT, &bomb[..100]), frame(CONTINUATION, &bomb[100..1000])]);
            } else {
                let wire = frame(FIN | RSV1 | BINARY, &bomb[..]).with_mask(rig.mask_of_far_end()).encode();
                rig.deliver(&wire[..1000]);
            }
            rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
            let received = rig.peer.compression().unwrap().received;
            assert!(received.payload < LIMIT as u64 + 5000, "{received:?}");
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-8>
#[test]
fn poll_decompresses_a_part_of_a_large_message_and_the_next_ones_the_rest() {
    let len = 10 << 20;
    for side in BOTH {
        let mut rig = alone(side);
        let message = compressed(vec![b'x'; len]);
        rig.receive(&[frame(FIN | RSV1 | TEXT, message), text("after")]);
        let before = rig.peer.compression().unwrap().received.payload;
        assert!((1 << 20..5 << 20).contains(&before), "{before} bytes in four polls");
        assert!(rig.texts().is_empty());
        (0..4).for_each(|_| rig.settle());
        let texts = rig.texts();
        assert_eq!((texts[0].len(), texts[1].as_str()), (len, "after"));
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-8>
#[test]
fn end_of_the_stream_behind_a_large_message_is_reported_behind_it() {
    // Some end just behind the bound of a poll, with nothing left to read but a little to decompress.
    for len in ((1 << 20)..(1 << 20) + 5000).step_by(100) {
        let wire = frame(FIN | RSV1 | BINARY, compressed(vec![7; len]));
        for side in BOTH {
            let mut rig = alone(side);
            rig.far.write(&wire.clone().with_mask(rig.mask_of_far_end()).encode());
            rig.receive_end();
            assert_eq!(rig.messages().len(), 1, "{len}");
            assert_eq!(rig.peer.error().unwrap().kind(), ErrorKind::ConnectionLost);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-8>
#[test]
fn data_that_never_becomes_a_byte_is_taken_as_it_comes() {
    for side in BOTH {
        let mut rig = alone_with(side, |config| config.max_message_size = 100);
        let nothing = [0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(1000);
        rig.receive(&[frame(RSV1 | TEXT, &nothing[..])]);
        rig.receive(&[frame(CONTINUATION, &nothing[..]), frame(FIN | CONTINUATION, [0x00])]);
        assert_eq!(rig.texts(), [""]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn plain_message_is_refused_by_its_length_where_compression_was_agreed_on() {
    for side in BOTH {
        let mut rig = alone_with(side, |config| config.max_message_size = LIMIT);
        let wire = frame(FIN | TEXT, vec![b'x'; LIMIT + 1]).with_mask(Rig::open(side).mask_of_far_end()).encode();
        rig.deliver(&wire[..20]);
        rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
    }
}
