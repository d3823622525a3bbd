//! Messages in pieces.

use tungsten_core::{Event, Kind};

use super::rig::{BOTH, Rig};
use super::wire::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, binary, close, frame, ping, pong, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn message_is_sent_as_one_frame_whatever_its_size() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.send(Kind::Binary, &vec![7; 1_000_000]);
        assert_eq!(rig.frames(), [binary(vec![7; 1_000_000])]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn fragments_become_one_message_of_the_kind_of_the_first() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "one "), frame(CONTINUATION, "two "), frame(FIN | CONTINUATION, "three")]);
        rig.receive(&[frame(BINARY, [1]), frame(FIN | CONTINUATION, [2])]);
        assert_eq!(rig.messages(), [(Kind::Text, b"one two three".to_vec()), (Kind::Binary, vec![1, 2])]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn message_is_not_seen_before_its_last_fragment() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "one ")]);
        rig.receive(&[frame(CONTINUATION, "two")]);
        assert!(rig.texts().is_empty());
        rig.receive(&[frame(FIN | CONTINUATION, "")]);
        assert_eq!(rig.texts(), ["one two"]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn fragments_may_be_empty() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, ""), frame(CONTINUATION, ""), frame(FIN | CONTINUATION, "")]);
        rig.receive(&[frame(TEXT, ""), frame(CONTINUATION, "x"), frame(FIN | CONTINUATION, "")]);
        assert_eq!(rig.texts(), ["", "x"]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn message_may_have_many_fragments() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        let mut fragments = vec![frame(BINARY, [0])];
        fragments.extend((1..1000).map(|i| frame(CONTINUATION, [i as u8])));
        fragments.push(frame(FIN | CONTINUATION, []));
        rig.receive(&fragments);
        assert_eq!(rig.messages(), [(Kind::Binary, (0..1000).map(|i| i as u8).collect())]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn control_frames_between_fragments_are_handled_at_once() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "AAA"), ping("between"), pong("ignored")]);
        assert_eq!(rig.frames(), [pong("between")]);
        rig.receive(&[frame(CONTINUATION, "BBB"), ping(""), frame(FIN | CONTINUATION, "CCC")]);
        assert_eq!(rig.frames(), [pong("")]);
        assert_eq!(rig.texts(), ["AAABBBCCC"]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn close_between_fragments_ends_the_connection_without_the_message() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "never whole"), close(1000, "bye")]);
        assert!(rig.texts().is_empty());
        assert_eq!(rig.frames(), [close(1000, "bye")]);
        rig.expect_closed_with(1000, "bye");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn end_of_the_stream_between_fragments_is_a_loss_without_the_message() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "never whole")]);
        rig.receive_end();
        assert!(rig.texts().is_empty());
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn control_frames_must_not_be_fragmented() {
    for side in BOTH {
        for opcode in [PING, PONG, CLOSE] {
            let mut rig = Rig::open(side);
            rig.receive(&[frame(opcode, ""), frame(FIN | CONTINUATION, "")]);
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn continuation_of_nothing_is_refused() {
    for side in BOTH {
        for fin in [0, FIN] {
            let mut rig = Rig::open(side);
            rig.receive(&[text("whole"), frame(fin | CONTINUATION, "of nothing"), text("after")]);
            assert_eq!(rig.texts(), ["whole"]);
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn continuation_behind_the_last_fragment_is_refused() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, "a"), frame(FIN | CONTINUATION, "b"), frame(FIN | CONTINUATION, "c")]);
        assert_eq!(rig.texts(), ["ab"]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn new_message_before_the_last_fragment_is_refused() {
    for side in BOTH {
        for first in [FIN | TEXT, TEXT, FIN | BINARY, BINARY] {
            let mut rig = Rig::open(side);
            rig.receive(&[frame(TEXT, "begun"), frame(first, "another"), frame(FIN | CONTINUATION, "")]);
            assert!(rig.messages().is_empty());
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.4>
#[test]
fn pieces_of_the_stream_are_not_fragments() {
    for side in BOTH {
        for step in [1, 2, 3, 5, 7] {
            let mut rig = Rig::open(side);
            let frames = [frame(TEXT, "one "), ping("p"), frame(FIN | CONTINUATION, "two"), binary([0; 200])];
            let wire: Vec<u8> =
                frames.iter().flat_map(|frame| frame.clone().with_mask(rig.mask_of_far_end()).encode()).collect();
            wire.chunks(step).for_each(|piece| rig.deliver(piece));
            assert_eq!(rig.messages(), [(Kind::Text, b"one two".to_vec()), (Kind::Binary, vec![0; 200])]);
        }
    }
}
