//! What is received: which frames belong to a compressed message, and what may come between them.

use tungsten_core::{ErrorKind, Event, Kind};

use super::agreement::{FarEnd, RSV1, alone, alone_with, compressed, noise, takeover, verse};
use super::rig::{BOTH, Rig};
use super::wire::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, TEXT, binary, close, frame, ping, pong, text};

/// The compressed message in so many frames.
fn fragments(opcode: u8, wire: &[u8], count: usize) -> Vec<Frame> {
    let mut frames: Vec<Frame> =
        wire.chunks(wire.len().div_ceil(count)).map(|piece| frame(CONTINUATION, piece)).collect();
    frames.first_mut().unwrap().first = RSV1 | opcode;
    frames.last_mut().unwrap().first |= FIN;
    frames
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn compressed_and_plain_messages_are_received_in_their_order() {
    for side in BOTH {
        for (mut rig, is_shared) in [(alone(side), false), (takeover(side), true)] {
            let mut far = FarEnd::new();
            for round in 0..3 {
                if !is_shared {
                    far = FarEnd::new();
                }
                let message = far.message(BINARY, noise(2000));
                assert_eq!(message.payload.len() < 100, is_shared && round > 0);
                rig.receive(&[text("plain"), message]);
                if !is_shared {
                    far = FarEnd::new();
                }
                rig.receive(&[far.message(TEXT, verse(300)), binary([1, 2])]);
                let expected = [
                    (Kind::Text, b"plain".to_vec()),
                    (Kind::Binary, noise(2000)),
                    (Kind::Text, verse(300).into_bytes()),
                    (Kind::Binary, vec![1, 2]),
                ];
                assert!(rig.messages() == expected);
            }
            rig.expect_open();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn compressed_message_may_have_any_size_and_number_of_frames() {
    for side in BOTH {
        for len in [1, 125, 126, 5000, 65_535, 65_536, 300_000] {
            for count in [1, 2, 7, 100] {
                let mut rig = alone(side);
                rig.receive(&fragments(TEXT, &compressed(verse(len)), count));
                rig.receive(&[text("behind")]);
                assert!(rig.texts() == [verse(len), "behind".to_owned()], "{len}, {count}");
                rig.expect_open();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn compressed_message_may_be_cut_anywhere_by_the_network() {
    for side in BOTH {
        let frames = [fragments(TEXT, &compressed("a☃b🦀c"), 3), vec![text("☃")]].concat();
        let mask = Rig::open(side).mask_of_far_end();
        let wire: Vec<u8> = frames.iter().flat_map(|frame| frame.clone().with_mask(mask).encode()).collect();
        for cut in 1..wire.len() {
            let mut rig = alone(side);
            rig.deliver(&wire[..cut]);
            rig.deliver(&wire[cut..]);
            assert_eq!(rig.texts(), ["a☃b🦀c", "☃"]);
        }
        let mut rig = alone(side);
        wire.iter().for_each(|byte| rig.deliver(&[*byte]));
        assert_eq!(rig.texts(), ["a☃b🦀c", "☃"]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn control_frames_between_compressed_fragments_are_handled_at_once() {
    for side in BOTH {
        let mut rig = alone(side);
        let fragments = fragments(BINARY, &compressed(noise(3000)), 3);
        let mut pongs = Vec::new();
        for (number, fragment) in fragments.into_iter().enumerate() {
            rig.receive(&[ping([number as u8]), pong("ignored"), fragment]);
            pongs.push(pong([number as u8]));
            assert_eq!(rig.frames(), [pongs.pop().unwrap()]);
        }
        assert_eq!(rig.messages(), [(Kind::Binary, noise(3000))]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn close_between_compressed_fragments_ends_the_connection_without_the_message() {
    for side in BOTH {
        let mut rig = alone(side);
        rig.receive(&[fragments(TEXT, &compressed(verse(300)), 2).remove(0), close(1000, "bye")]);
        assert!(rig.texts().is_empty());
        rig.expect_closed_with(1000, "bye");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn mark_in_another_place_is_refused() {
    let second = |first| [frame(TEXT, "a"), frame(first, "b")];
    for side in BOTH {
        for opcode in [PING, PONG, CLOSE] {
            let mut rig = alone(side);
            rig.receive(&[frame(FIN | RSV1 | opcode, "")]);
            rig.expect_violation();
        }
        for first in [RSV1 | CONTINUATION, FIN | RSV1 | CONTINUATION] {
            let mut rig = alone(side);
            rig.receive(&second(first));
            rig.expect_violation();

            let mut rig = alone(side);
            let mut fragments = fragments(TEXT, &compressed(verse(300)), 2);
            fragments[1].first = first;
            rig.receive(&fragments);
            rig.expect_violation();
        }
        for other in [0x20, 0x10, 0x30] {
            let mut rig = alone(side);
            rig.receive(&[frame(FIN | RSV1 | other | TEXT, compressed("x"))]);
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn mark_without_an_agreement_is_refused() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[text("before"), frame(FIN | RSV1 | TEXT, compressed("x"))]);
        assert_eq!(rig.texts(), ["before"]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn new_message_within_a_compressed_one_is_refused() {
    for side in BOTH {
        for intruder in [text("x"), frame(BINARY, "x"), FarEnd::new().message(TEXT, "x")] {
            for begun in [&compressed(verse(300))[..10], b""] {
                let mut rig = alone(side);
                rig.receive(&[frame(RSV1 | TEXT, begun), intruder.clone()]);
                assert!(rig.messages().is_empty());
                rig.expect_violation();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn end_of_the_stream_within_a_compressed_message_is_a_loss() {
    for side in BOTH {
        let mut rig = alone(side);
        rig.receive(&[fragments(TEXT, &compressed(verse(300)), 2).remove(0)]);
        rig.receive_end();
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        assert_eq!(rig.peer.error().unwrap().kind(), ErrorKind::ConnectionLost);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn compressed_text_that_is_not_valid_is_refused() {
    for side in BOTH {
        for invalid in [&b"ok \xFF"[..], b"\xED\xA0\x80", b"cut \xE2\x98"] {
            let mut rig = alone(side);
            rig.receive(&[text("before"), FarEnd::new().message(TEXT, invalid), text("after")]);
            assert_eq!(rig.texts(), ["before"]);
            rig.expect_failed_with(1007, ErrorKind::InvalidText);
        }
        let mut rig = alone(side);
        rig.receive(&[FarEnd::new().message(BINARY, b"\xFF")]);
        assert_eq!(rig.messages(), [(Kind::Binary, b"\xFF".to_vec())]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn compressed_text_that_is_not_valid_is_refused_before_its_frame_is_whole() {
    for side in BOTH {
        let message = [b"\xF4\x90\x80\x80".to_vec(), noise(2000)].concat();
        let wire = FarEnd::new().message(TEXT, message).with_mask(Rig::open(side).mask_of_far_end()).encode();
        let mut rig = alone(side);
        rig.deliver(&wire[..wire.len() / 2]);
        rig.expect_failed_with(1007, ErrorKind::InvalidText);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn compressed_frame_masked_by_the_wrong_side_is_refused() {
    for side in BOTH {
        let mut rig = alone(side);
        let wrong = rig.mask_of_far_end().is_none().then_some([1, 2, 3, 4]);
        rig.deliver(&FarEnd::new().message(TEXT, "x").with_mask(wrong).encode());
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.2>
#[test]
fn full_receive_queue_pauses_reading_compressed_messages_and_loses_nothing() {
    for side in BOTH {
        let mut rig = alone_with(side, |config| config.max_queued_messages = Some(1));
        let messages: Vec<String> = (0..50).map(|number| verse(100 + number)).collect();
        let frames: Vec<Frame> = messages.iter().map(|message| FarEnd::new().message(TEXT, message)).collect();
        rig.receive(&frames);
        (0..50).for_each(|_| rig.settle());
        assert_eq!(rig.texts(), messages);
    }
}
