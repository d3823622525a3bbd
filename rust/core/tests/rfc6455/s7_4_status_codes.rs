//! Which codes may be in a close frame.

use tungsten_core::{CloseFrame, ErrorKind, Event, InvalidCloseCode};

use super::rig::{BOTH, Rig};
use super::wire::{close, close_empty};

/// §7.4.1 and the registry that it opened, of which 1012 to 1014 are in use.
const DEFINED: [u16; 12] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];

/// For libraries and applications (§7.4.2).
const FREE: [u16; 5] = [3000, 3999, 4000, 4001, 4999];

/// Not used, reserved, or meant to stand for the absence of a close frame.
const FORBIDDEN: [u16; 16] =
    [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2500, 2999, 5000, 10_000, 65535];

fn requested(code: u16, reason: &str) -> Event {
    Event::CloseRequested(CloseFrame::to_send(code.into(), reason).unwrap())
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
#[test]
fn defined_codes_are_sent() {
    for side in BOTH {
        for code in DEFINED {
            let mut rig = Rig::open(side);
            rig.close(code.into(), "reason");
            assert_eq!(rig.frames(), [close(code, "reason")]);
            rig.receive(&[close(code, "reason")]);
            rig.expect_closed_with(code, "reason");
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
#[test]
fn defined_codes_are_received() {
    for side in BOTH {
        for code in DEFINED {
            let mut rig = Rig::open(side);
            rig.receive(&[close(code, "reason")]);
            assert_eq!(rig.events, [requested(code, "reason"), Event::Closed { clean: true }]);
            assert_eq!(rig.frames(), [close(code, "reason")]);
            rig.expect_closed_with(code, "reason");
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn codes_of_libraries_and_applications_are_sent() {
    for side in BOTH {
        for code in FREE {
            let mut rig = Rig::open(side);
            rig.close(code.into(), "");
            assert_eq!(rig.frames(), [close(code, "")]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn codes_of_libraries_and_applications_are_received() {
    for side in BOTH {
        for code in FREE {
            let mut rig = Rig::open(side);
            rig.receive(&[close(code, "")]);
            assert_eq!(rig.frames(), [close(code, "")]);
            rig.expect_closed_with(code, "");
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn forbidden_codes_are_not_sent() {
    for code in FORBIDDEN {
        assert_eq!(CloseFrame::to_send(code.into(), ""), Err(InvalidCloseCode(code.into())));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn forbidden_codes_are_refused() {
    for side in BOTH {
        for code in FORBIDDEN {
            for reason in ["", "reason"] {
                let mut rig = Rig::open(side);
                rig.receive(&[close(code, reason)]);
                assert_eq!(rig.events, [], "{code}");
                rig.expect_violation();
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn forbidden_code_is_refused_however_it_is_cut() {
    for side in BOTH {
        for step in 1..8 {
            let mut rig = Rig::open(side);
            let wire = close(1006, "reason").with_mask(rig.mask_of_far_end()).encode();
            wire.chunks(step).for_each(|piece| rig.deliver(piece));
            rig.expect_violation();
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[test]
fn answer_with_a_forbidden_code_is_not_a_clean_end() {
    for side in BOTH {
        for code in FORBIDDEN {
            let mut rig = Rig::open(side);
            rig.close(1000, "");
            rig.receive(&[close(code, "")]);
            rig.receive_end();
            assert_eq!(rig.events, [Event::Closed { clean: false }], "{code}");
            assert_eq!(rig.peer.error().map(|error| error.kind()), Some(ErrorKind::ProtocolViolation));
            assert_eq!(rig.frames(), [close(1000, "")]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
#[test]
fn frame_that_was_received_without_a_code_is_sent_on_without_one() {
    for side in BOTH {
        let mut from = Rig::open(side);
        from.receive(&[close_empty()]);
        let received = from.peer.close_frame().unwrap().clone();

        let mut to = Rig::open(side);
        to.close_with(received);
        assert_eq!(to.frames(), [close_empty()]);
        to.receive(&[close_empty()]);
        to.expect_closed_with(1005, "");
    }
}
