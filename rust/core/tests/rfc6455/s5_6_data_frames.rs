//! Text and binary messages.

use std::time::Instant;

use tungsten_core::{Kind, SendError};

use super::rig::{BOTH, Pair, Rig, Side};
use super::wire::{binary, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.6>
#[test]
fn text_is_sent_and_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        for payload in ["", "Hello", "Hellö ☃ 🦀", "\0"] {
            rig.send(Kind::Text, payload.as_bytes());
            assert_eq!(rig.frames(), [text(payload)]);
            rig.receive(&[text(payload)]);
            assert_eq!(rig.texts(), [payload]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.6>
#[test]
fn binary_is_sent_and_received_whatever_its_bytes() {
    let all: Vec<u8> = (0..=255).collect();
    for side in BOTH {
        let mut rig = Rig::open(side);
        for payload in [&[][..], &[0xFF], &all] {
            rig.send(Kind::Binary, payload);
            assert_eq!(rig.frames(), [binary(payload)]);
            rig.receive(&[binary(payload)]);
            assert_eq!(rig.messages(), [(Kind::Binary, payload.to_vec())]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.6>
#[test]
fn text_that_is_not_utf_8_is_not_sent() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        for payload in [&b"\xFF"[..], b"\xC3", b"\xED\xA0\x80"] {
            assert_eq!(rig.peer.send(Kind::Text, payload, Instant::now()), Err(SendError::InvalidText));
        }
        rig.settle();
        assert!(rig.frames().is_empty());
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-6.1>
#[test]
fn messages_keep_their_order_and_their_bounds() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        let payloads: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        payloads.iter().for_each(|payload| rig.send(Kind::Text, payload.as_bytes()));
        rig.settle();
        let frames: Vec<_> = payloads.iter().map(|payload| text(payload)).collect();
        assert_eq!(rig.frames(), frames);
        rig.receive(&frames);
        assert_eq!(rig.texts(), payloads);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-6.2>
#[test]
fn client_and_server_understand_each_other() {
    let mut pair = Pair::open();
    let payload: Vec<u8> = (0..200_000).map(|i| (i % 251) as u8).collect();
    pair.client.send(Kind::Binary, &payload, pair.now).unwrap();
    pair.server.send(Kind::Text, "☃".as_bytes(), pair.now).unwrap();
    pair.poll(Side::Server);
    pair.poll(Side::Client);
    let (received, answer) = (pair.server.receive().unwrap(), pair.client.receive().unwrap());
    assert_eq!((received.kind(), received.payload()), (Kind::Binary, payload.as_slice()));
    assert_eq!((answer.kind(), answer.payload()), (Kind::Text, "☃".as_bytes()));
    assert_eq!((pair.server.receive(), pair.client.receive()), (None, None));
}
