//! Pings.

use std::time::Instant;

use tungsten_core::{Kind, SendError};

use super::rig::{BOTH, Rig};
use super::wire::{FIN, PING, close, frame, ping, pong, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn ping_is_sent_with_its_payload() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.ping(b"");
        rig.ping(&[0xFF; 125]);
        assert_eq!(rig.frames(), [ping(""), ping([0xFF; 125])]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
#[test]
fn longer_ping_is_neither_sent_nor_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        assert_eq!(rig.peer.ping(&[0; 126], Instant::now()), Err(SendError::PingTooLong));
        assert!(rig.frames().is_empty());
        rig.receive(&[frame(FIN | PING, [0; 126])]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn ping_is_answered_with_its_payload() {
    for side in BOTH {
        for payload in [&b""[..], b"payload", &[0xFF; 125]] {
            let mut rig = Rig::open(side);
            rig.receive(&[ping(payload)]);
            assert_eq!(rig.frames(), [pong(payload)]);
            assert!(rig.messages().is_empty());
            rig.expect_open();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn ping_between_messages_is_answered_and_loses_none() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[text("one"), ping("p"), text("two")]);
        assert_eq!(rig.texts(), ["one", "two"]);
        assert_eq!(rig.frames(), [pong("p")]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn ping_before_a_close_frame_is_answered_and_one_behind_it_is_not() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[ping("before"), close(1000, ""), ping("behind")]);
        assert_eq!(rig.frames(), [pong("before"), close(1000, "")]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn heartbeat_is_a_ping() {
    for side in BOTH {
        let mut rig = Rig::open_with(side, |config| {
            config.heartbeat_interval = Some(std::time::Duration::from_secs(1));
        });
        rig.advance(1.0);
        let frames = rig.frames();
        assert_eq!((frames.len(), frames[0].first), (1, FIN | PING));
        rig.receive(&[pong(frames[0].payload.clone())]);
        assert!(rig.peer.round_trip_time().is_some());
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2>
#[test]
fn ping_is_answered_before_messages_that_are_sent_later() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[ping("p")]);
        rig.send(Kind::Text, b"later");
        assert_eq!(rig.frames(), [pong("p"), text("later")]);
    }
}
