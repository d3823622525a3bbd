//! A client masks every frame with a fresh key, a server none; whoever receives the other thing ends the connection.

use std::collections::HashSet;

use tungsten_core::Kind;

use super::rig::{BOTH, Rig, Side};
use super::wire::{CONTINUATION, FIN, Frame, MASK, PING, TEXT, close, frame, ping, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn client_masks_every_kind_of_frame() {
    let mut rig = Rig::open(Side::Client);
    rig.send(Kind::Text, b"text");
    rig.send(Kind::Binary, b"");
    rig.ping(b"ping");
    rig.receive(&[ping("answer me")]);
    rig.close(1000, "bye");
    let seen = Frame::parse_all(&rig.far.take());
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|seen| seen.mask.is_some()), "{seen:?}");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn server_masks_no_kind_of_frame() {
    let mut rig = Rig::open(Side::Server);
    rig.send(Kind::Text, b"text");
    rig.send(Kind::Binary, b"");
    rig.ping(b"ping");
    rig.receive(&[ping("answer me")]);
    rig.close(1000, "bye");
    let seen = Frame::parse_all(&rig.far.take());
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|seen| seen.mask.is_none()), "{seen:?}");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.3>
#[test]
fn every_frame_of_a_client_has_a_fresh_mask() {
    let mut rig = Rig::open(Side::Client);
    (0..100).for_each(|_| rig.send(Kind::Text, b"the same"));
    rig.settle();
    let masks: HashSet<_> = Frame::parse_all(&rig.far.take()).into_iter().map(|seen| seen.mask).collect();
    // Two of a hundred random ones are the same once in a million runs.
    assert!(masks.len() >= 99, "{}", masks.len());
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.3>
#[test]
fn payload_of_a_client_is_not_on_the_wire_in_clear() {
    let mut rig = Rig::open(Side::Client);
    let payload = b"GET /attack HTTP/1.1\r\n".repeat(100);
    rig.send(Kind::Binary, &payload);
    let wire = rig.far.take();
    // A mask of zeros, with its chance of one in four thousand million, is allowed to fail.
    assert!(!wire.windows(4).any(|window| window == b"HTTP"));
    assert_eq!(Frame::parse_all(&wire)[0].payload, payload);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.3>
#[test]
fn server_takes_any_mask_off() {
    let mut rig = Rig::open(Side::Server);
    for mask in [MASK, [0; 4], [0xFF; 4], [1, 2, 3, 4]] {
        for len in [0, 1, 2, 3, 4, 5, 7, 8, 9, 125, 126, 1000] {
            let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
            rig.deliver(&frame(FIN | 2, payload.clone()).masked(mask).encode());
            assert_eq!(rig.messages(), [(Kind::Binary, payload)]);
        }
    }
    rig.expect_open();
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn client_refuses_masked_frames() {
    for masked in [text("x"), ping("x"), frame(TEXT, "x"), close(1000, "")] {
        let mut rig = Rig::open(Side::Client);
        rig.deliver(&masked.masked(MASK).encode());
        assert!(rig.texts().is_empty());
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn server_refuses_frames_without_a_mask() {
    for unmasked in [text("x"), ping("x"), frame(TEXT, "x"), close(1000, "")] {
        let mut rig = Rig::open(Side::Server);
        rig.deliver(&unmasked.encode());
        assert!(rig.texts().is_empty());
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.1>
#[test]
fn mask_is_looked_for_in_every_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[text("right"), frame(TEXT, "half"), frame(FIN | PING, "")]);
        let wrong = if side == Side::Client { Some(MASK) } else { None };
        rig.deliver(&frame(FIN | CONTINUATION, "wrong").with_mask(wrong).encode());
        assert_eq!(rig.texts(), ["right"]);
        rig.expect_violation();
    }
}
