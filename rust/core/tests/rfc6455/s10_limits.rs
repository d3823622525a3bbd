//! What a hostile other end can make us hold or do.

use tungsten_core::{ErrorKind, Kind};

use super::rig::{BOTH, Rig, Side};
use super::wire::{
    BINARY, CLOSE, CONTINUATION, FIN, Frame, LengthForm, PING, PONG, TEXT, binary, close, frame, ping, pong, text,
};

const LIMIT: usize = 1000;

#[track_caller]
fn limited(side: Side) -> Rig {
    Rig::open_with(side, |config| config.max_message_size = LIMIT)
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn message_of_the_largest_size_is_received() {
    for side in BOTH {
        let mut rig = limited(side);
        rig.receive(&[binary([1; LIMIT]), frame(BINARY, [2; LIMIT - 1]), frame(FIN | CONTINUATION, [2])]);
        assert_eq!(rig.messages(), [(Kind::Binary, vec![1; LIMIT]), (Kind::Binary, vec![2; LIMIT])]);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn larger_message_is_refused_before_it_has_come() {
    for side in BOTH {
        for (form, len) in [(LengthForm::TwoBytes, LIMIT as u64 + 1), (LengthForm::EightBytes, 1 << 62)] {
            let mut rig = limited(side);
            let before = text("before").with_mask(rig.mask_of_far_end()).encode();
            rig.deliver(&[before, Frame::header(FIN | BINARY, form, len, rig.mask_of_far_end())].concat());
            assert_eq!(rig.texts(), ["before"]);
            rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn fragments_that_sum_up_to_a_larger_message_are_refused() {
    for side in BOTH {
        for kind in [TEXT, BINARY] {
            let mut rig = limited(side);
            rig.receive(&[frame(kind, [b'x'; LIMIT / 2]), frame(CONTINUATION, [b'x'; LIMIT / 2])]);
            rig.expect_open();
            rig.receive(&[frame(CONTINUATION, "x")]);
            rig.expect_failed_with(1009, ErrorKind::MessageTooBig);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn limit_is_for_one_message_not_for_all() {
    for side in BOTH {
        let mut rig = limited(side);
        rig.receive(&[(); 20].map(|()| binary([0; LIMIT])));
        assert_eq!(rig.messages().len(), 20);
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn limit_is_not_for_what_is_sent() {
    for side in BOTH {
        let mut rig = limited(side);
        rig.send(Kind::Binary, &[0; LIMIT + 1]);
        assert_eq!(rig.frames(), [binary([0; LIMIT + 1])]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn flood_of_pings_is_answered_within_a_bound() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        let pings: Vec<_> = (0..10_000u32).map(|number| ping(number.to_be_bytes())).collect();
        rig.receive(&pings);
        let frames = rig.frames();
        assert!(frames.len() < 5000, "{}", frames.len());
        assert_eq!(frames.last(), Some(&frame(FIN | PONG, 9999u32.to_be_bytes())));
        rig.expect_open();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn message_without_an_end_holds_no_more_than_the_limit() {
    for side in BOTH {
        let mut rig = limited(side);
        rig.receive(&[frame(BINARY, [0; 100])]);
        let mut taken = 100;
        while rig.peer.error().is_none() && rig.frames().is_empty() {
            rig.receive(&[frame(CONTINUATION, [0; 100])]);
            taken += 100;
            assert!(taken <= LIMIT + 100);
        }
        assert_eq!(taken, LIMIT + 100);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.4>
#[test]
fn limit_is_not_for_control_frames() {
    for side in BOTH {
        let mut rig = Rig::open_with(side, |config| config.max_message_size = 32);
        rig.receive(&[ping([7; 100]), pong([7; 125]), ping([7; 125])]);
        assert_eq!(rig.frames(), [pong([7; 100]), pong([7; 125])]);
        rig.expect_open();
        let reason = "r".repeat(123);
        rig.receive(&[close(1000, &reason)]);
        rig.expect_closed_with(1000, &reason);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
#[test]
fn control_frame_that_is_too_long_breaks_the_protocol_whatever_the_limit() {
    for side in BOTH {
        for opcode in [PING, PONG, CLOSE] {
            for (form, len) in [(LengthForm::TwoBytes, 126), (LengthForm::EightBytes, 1 << 40)] {
                for limit in [32, 1 << 20] {
                    let mut rig = Rig::open_with(side, |config| config.max_message_size = limit);
                    rig.deliver(&Frame::header(FIN | opcode, form, len, rig.mask_of_far_end()));
                    rig.expect_violation();
                }
            }
        }
    }
}
