//! Text that is not UTF-8.

use tungsten_core::{ErrorKind, Kind};

use super::rig::{BOTH, Rig, Side};
use super::wire::{BINARY, CONTINUATION, FIN, Frame, TEXT, frame, ping, pong, text};

/// What no UTF-8 contains (RFC 3629 §3, §4).
const INVALID: [&[u8]; 14] = [
    b"\x80",
    b"\xBF\xBF",
    b"\xC0\x80",
    b"\xC1\xBF",
    b"\xC3\x28",
    b"\xE0\x80\x80",
    b"\xE2\x82\x28",
    b"\xED\xA0\x80",
    b"\xED\xBF\xBF",
    b"\xF0\x80\x80\x80",
    b"\xF4\x90\x80\x80",
    b"\xF5\x80\x80\x80",
    b"\xFE",
    b"\xFF",
];

/// What ends within a character.
const TRUNCATED: [&[u8]; 4] = [b"\xC3", b"\xE2\x82", b"\xF0\x9F", b"\xF0\x9F\xA6"];

/// Characters at the edges of what is allowed.
const VALID: [&str; 8] = ["\0", "\u{7F}", "\u{80}", "\u{7FF}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10FFFF}"];

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn invalid_text_is_refused() {
    for side in BOTH {
        for invalid in INVALID.into_iter().chain(TRUNCATED) {
            let mut rig = Rig::open(side);
            rig.receive(&[text("before"), frame(FIN | TEXT, [b"ok ", invalid].concat()), text("after")]);
            assert_eq!(rig.texts(), ["before"], "{invalid:x?}");
            rig.expect_failed_with(1007, ErrorKind::InvalidText);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn invalid_text_is_refused_wherever_it_is_cut_into_fragments() {
    for side in BOTH {
        for invalid in INVALID {
            for cut in 0..=invalid.len() {
                let mut rig = Rig::open(side);
                let (head, tail) = invalid.split_at(cut);
                rig.receive(&[frame(TEXT, head), frame(FIN | CONTINUATION, tail)]);
                assert!(rig.texts().is_empty());
                rig.expect_failed_with(1007, ErrorKind::InvalidText);
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn invalid_fragment_is_refused_before_the_message_is_whole() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(TEXT, b"ok \xFF"), frame(CONTINUATION, "more")]);
        rig.expect_failed_with(1007, ErrorKind::InvalidText);
    }
}

/// The frame is refused with its first byte that cannot be, though more of it is to come.
#[track_caller]
fn expect_refused_at_once(side: Side, before: &[Frame], partial: Frame, valid: usize) {
    let mask = Rig::open(side).mask_of_far_end();
    let len = partial.payload.len();
    let wire = partial.with_mask(mask).encode();
    let refused_at = wire.len() - len + valid + 1;
    for cut in 1..wire.len() {
        let mut rig = Rig::open(side);
        rig.receive(before);
        rig.deliver(&wire[..cut]);
        if cut < refused_at {
            rig.expect_open();
            rig.deliver(&wire[cut..]);
        }
        assert!(rig.texts().is_empty());
        rig.expect_failed_with(1007, ErrorKind::InvalidText);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn invalid_text_is_refused_before_its_frame_is_whole() {
    let text = [&b"\xCE\xBA\xE1\xBD\xB9"[..], b"\xF4\x90\x80\x80", b"edited", &[b'x'; 150]].concat();
    for side in BOTH {
        expect_refused_at_once(side, &[], frame(FIN | TEXT, text.clone()), 6);
        expect_refused_at_once(side, &[], frame(TEXT, text.clone()), 6);
        let (head, tail) = text.split_at(4);
        for fin in [0, FIN] {
            expect_refused_at_once(side, &[frame(TEXT, head), ping("")], frame(fin | CONTINUATION, tail), 2);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn text_may_be_cut_anywhere_by_the_network() {
    for side in BOTH {
        let frames = [frame(TEXT, "a☃b"), frame(CONTINUATION, "🦀"), ping("p"), frame(FIN | CONTINUATION, "κόσμε")];
        let mask = Rig::open(side).mask_of_far_end();
        let wire: Vec<u8> = frames.iter().flat_map(|frame| frame.clone().with_mask(mask).encode()).collect();
        for cut in 1..wire.len() {
            let mut rig = Rig::open(side);
            rig.deliver(&wire[..cut]);
            rig.deliver(&wire[cut..]);
            assert_eq!(rig.texts(), ["a☃b🦀κόσμε"], "{cut}");
            assert_eq!(rig.frames(), [pong("p")]);
            rig.expect_open();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn message_that_ends_within_a_character_is_refused_at_its_end() {
    for side in BOTH {
        for truncated in TRUNCATED {
            let mut rig = Rig::open(side);
            rig.receive(&[frame(TEXT, truncated)]);
            rig.expect_open();
            rig.receive(&[frame(FIN | CONTINUATION, "")]);
            rig.expect_failed_with(1007, ErrorKind::InvalidText);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn character_may_be_cut_into_fragments_anywhere() {
    for side in BOTH {
        for valid in VALID.into_iter().chain(["κόσμε", "a☃b🦀c"]) {
            let bytes = valid.as_bytes();
            for cut in 0..=bytes.len() {
                let mut rig = Rig::open(side);
                let (head, tail) = bytes.split_at(cut);
                rig.receive(&[frame(TEXT, head), ping(""), frame(FIN | CONTINUATION, tail)]);
                assert_eq!(rig.texts(), [valid]);
                assert_eq!(rig.frames(), [pong("")]);
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn character_may_be_a_fragment_for_each_of_its_bytes() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        let mut fragments: Vec<_> = "🦀☃".bytes().map(|byte| frame(CONTINUATION, [byte])).collect();
        fragments[0].first = TEXT;
        fragments.push(frame(FIN | CONTINUATION, ""));
        rig.receive(&fragments);
        assert_eq!(rig.texts(), ["🦀☃"]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn binary_is_not_looked_at() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        for invalid in INVALID.into_iter().chain(TRUNCATED) {
            rig.receive(&[frame(BINARY, invalid), frame(FIN | CONTINUATION, invalid)]);
            assert_eq!(rig.messages(), [(Kind::Binary, invalid.repeat(2))]);
        }
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-8.1>
#[test]
fn pings_are_not_looked_at() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[ping([0xFF, 0xFE])]);
        assert_eq!(rig.frames(), [pong([0xFF, 0xFE])]);
    }
}
