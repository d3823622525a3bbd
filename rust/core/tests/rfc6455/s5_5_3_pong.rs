//! Pongs.

use super::rig::{BOTH, Rig};
use super::wire::{FIN, PONG, frame, ping, pong, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3>
#[test]
fn pong_that_nobody_asked_for_is_ignored() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[pong(""), pong("unsolicited"), pong([0xFF; 125]), text("after")]);
        assert!(rig.frames().is_empty());
        assert_eq!(rig.texts(), ["after"]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
#[test]
fn longer_pong_is_refused() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(FIN | PONG, [0; 126])]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3>
#[test]
fn answer_to_an_earlier_ping_is_enough_for_none_of_them() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.ping(b"one");
        rig.ping(b"two");
        rig.receive(&[pong("two")]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3>
#[test]
fn last_of_several_pings_is_answered_last() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[ping("one"), ping("two"), ping("three")]);
        // Answering the most recent one only would do as well.
        assert_eq!(rig.frames().last(), Some(&pong("three")));
    }
}
