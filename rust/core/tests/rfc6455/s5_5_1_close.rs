//! Close frames.

use tungsten_core::{CloseFrame, ErrorKind, Event, Kind, ReadyState, SendError};

use super::rig::{BOTH, Rig};
use super::wire::{CLOSE, FIN, binary, close, close_empty, frame, ping, text};

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn code_and_reason_are_sent() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(4000, "good bye, ☃");
        assert_eq!(rig.frames(), [close(4000, "good bye, ☃")]);
        assert_eq!(rig.peer.state(), ReadyState::Closing);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn frame_that_was_not_sent_first_is_answered_with_its_code() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[close(4000, "good bye, ☃")]);
        assert_eq!(rig.frames(), [close(4000, "good bye, ☃")]);
        let frame = CloseFrame::to_send(4000, "good bye, ☃").unwrap();
        assert_eq!(rig.events, [Event::CloseRequested(frame), Event::Closed { clean: true }]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn empty_frame_is_answered_with_an_empty_one() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[close_empty()]);
        assert_eq!(rig.frames(), [close_empty()]);
        rig.expect_closed_with(1005, "");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn answer_to_our_frame_is_not_answered() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        assert_eq!(rig.frames(), [close(1000, "")]);
        rig.receive(&[close(1000, "")]);
        assert!(rig.frames().is_empty());
        rig.expect_closed_with(1000, "");
        assert_eq!(rig.events, [Event::Closed { clean: true }]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn nothing_is_sent_behind_our_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        let now = std::time::Instant::now();
        assert_eq!(rig.peer.send(Kind::Text, b"late", now), Err(SendError::NotOpen));
        assert_eq!(rig.peer.ping(b"late", now), Err(SendError::NotOpen));
        rig.close(1001, "again");
        rig.receive(&[ping("anyone there?")]);
        assert_eq!(rig.frames(), [close(1000, "")]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn messages_that_wait_are_sent_before_our_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.send(Kind::Binary, &[1; 100_000]);
        rig.send(Kind::Text, b"last");
        rig.close(1000, "");
        assert_eq!(rig.frames(), [binary(vec![1; 100_000]), text("last"), close(1000, "")]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn messages_that_arrive_before_the_answer_are_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        rig.receive(&[text("on its way"), close(1000, "")]);
        assert_eq!(rig.texts(), ["on its way"]);
        rig.expect_closed_with(1000, "");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn frames_behind_a_received_one_are_not_looked_at() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[close(1000, ""), text("too late"), ping("too late"), frame(0xFF, "broken")]);
        assert_eq!(rig.frames(), [close(1000, "")]);
        assert!(rig.texts().is_empty());
        rig.expect_closed_with(1000, "");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn payload_of_one_byte_is_refused() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(FIN | CLOSE, [3])]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1>
#[test]
fn reason_that_is_not_utf_8_is_refused() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(FIN | CLOSE, [0x03, 0xE8, b'b', 0xC3])]);
        rig.expect_failed_with(1007, ErrorKind::InvalidText);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
#[test]
fn longest_reason_is_sent_and_received() {
    let reason = "r".repeat(123);
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, &reason);
        assert_eq!(rig.frames(), [close(1000, &reason)]);
        rig.receive(&[close(1000, &reason)]);
        rig.expect_closed_with(1000, &reason);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
#[test]
fn longer_reason_is_cut_when_sent_and_refused_when_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        // 124 bytes of characters of two bytes each.
        rig.close(1000, &"ü".repeat(62));
        assert_eq!(rig.frames(), [close(1000, &"ü".repeat(61))]);

        let mut rig = Rig::open(side);
        rig.receive(&[close(1000, &"r".repeat(124))]);
        rig.expect_violation();
    }
}
