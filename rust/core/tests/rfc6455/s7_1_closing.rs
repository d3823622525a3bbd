//! The end of a connection, with or without the closing handshake.

use tungsten_core::{CloseFrame, ErrorKind, Event, Kind, Phase, ReadyState};

use super::rig::{BOTH, Pair, Rig, Side};
use super::wire::{close, close_empty, frame, ping, text};

fn going() -> CloseFrame {
    CloseFrame::to_send(1000, "bye").unwrap()
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1>
#[test]
fn server_that_answers_a_close_frame_ends_the_stream_at_once_and_first() {
    let mut pair = Pair::open();
    pair.client.close(going(), pair.now);
    assert_eq!(pair.finished(), (false, false));
    pair.poll(Side::Server);
    assert_eq!(pair.server.state(), ReadyState::Closed);
    assert_eq!(pair.finished(), (false, true));
    pair.poll(Side::Client);
    assert_eq!(pair.client.state(), ReadyState::Closed);
    assert_eq!(pair.finished(), (true, true));
}

/// A client need not wait for the server: it "SHOULD" only, and a game wants to go on.
///
/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1>
#[test]
fn client_that_answers_a_close_frame_ends_the_stream_at_once() {
    let mut pair = Pair::open();
    pair.server.close(going(), pair.now);
    pair.poll(Side::Client);
    assert_eq!((pair.client.state(), pair.finished()), (ReadyState::Closed, (true, false)));
    pair.poll(Side::Server);
    assert_eq!((pair.server.state(), pair.finished()), (ReadyState::Closed, (true, true)));
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1>
#[test]
fn stream_that_the_other_end_keeps_open_is_given_up_after_the_timeout() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        rig.advance(4.9);
        assert_eq!(rig.peer.state(), ReadyState::Closing);
        rig.advance(0.1);
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        assert_eq!(rig.peer.error().map(|error| error.kind()), Some(ErrorKind::CloseTimeout));
        assert!(rig.far.watch_end()());
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.2>
#[test]
fn closing_handshake_begins_with_one_close_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "bye");
        rig.close(1001, "bye again");
        assert_eq!(rig.frames(), [close(1000, "bye")]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.3>
#[test]
fn connection_is_closing_once_a_close_frame_was_sent() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        assert_eq!(rig.peer.state(), ReadyState::Closing);
        rig.settle();
        assert_eq!((rig.peer.state(), rig.events.len()), (ReadyState::Closing, 0));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4>
#[test]
fn connection_is_closed_cleanly_once_both_close_frames_were_exchanged() {
    let mut pair = Pair::open();
    pair.client.close(going(), pair.now);
    pair.poll(Side::Server);
    pair.poll(Side::Client);
    for peer in [&mut pair.client, &mut pair.server] {
        let events: Vec<_> = std::iter::from_fn(|| peer.poll_event()).collect();
        assert_eq!(events.last(), Some(&Event::Closed { clean: true }));
        assert_eq!(peer.close_frame(), Some(&going()));
        assert!(peer.error().is_none());
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4>
#[test]
fn close_frames_that_cross_close_cleanly() {
    let mut pair = Pair::open();
    pair.client.close(CloseFrame::to_send(4001, "client").unwrap(), pair.now);
    pair.server.close(CloseFrame::to_send(4002, "server").unwrap(), pair.now);
    pair.poll(Side::Server);
    pair.poll(Side::Client);
    let codes = [&pair.client, &pair.server].map(|peer| peer.close_frame().map(|frame| frame.code()));
    assert_eq!(codes, [Some(4002), Some(4001)]);
    assert!(pair.client.error().is_none() && pair.server.error().is_none());
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4>
#[test]
fn connection_without_both_close_frames_is_not_closed_cleanly() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[text("last words")]);
        rig.receive_end();
        assert_eq!(rig.texts(), ["last words"]);
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        let error = rig.peer.error().unwrap();
        assert_eq!((error.phase(), error.kind()), (Phase::Open, ErrorKind::ConnectionLost));

        let mut rig = Rig::open(side);
        rig.close(1000, "");
        rig.receive_end();
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        let error = rig.peer.error().unwrap();
        assert_eq!((error.phase(), error.kind()), (Phase::Close, ErrorKind::ConnectionLost));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5>
#[test]
fn code_is_that_of_the_first_received_close_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[close(4000, ""), close(4001, "")]);
        rig.expect_closed_with(4000, "");

        let mut rig = Rig::open(side);
        rig.close(1000, "ours");
        rig.receive(&[close(4000, "theirs")]);
        rig.expect_closed_with(4000, "theirs");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5>
#[test]
fn code_is_1005_if_the_close_frame_has_none() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "ours");
        rig.receive(&[close_empty()]);
        rig.expect_closed_with(1005, "");
    }
}

/// In the words of the RFC it is 1006; here that is the absence of a close frame.
///
/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5>
#[test]
fn there_is_no_code_if_no_close_frame_was_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive_end();
        assert_eq!((rig.peer.state(), rig.peer.close_frame()), (ReadyState::Closed, None));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.6>
#[test]
fn reason_is_that_of_the_received_close_frame() {
    for side in BOTH {
        for reason in ["", "maintenance", "Übergabe ☃"] {
            let mut rig = Rig::open(side);
            rig.receive(&[close(1001, reason)]);
            rig.expect_closed_with(1001, reason);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7>
#[test]
fn nothing_is_processed_once_the_connection_was_failed() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(0xFF, "broken")]);
        rig.receive(&[text("after"), ping("after"), close(1000, "after")]);
        assert!(rig.messages().is_empty());
        assert_eq!(rig.peer.state(), ReadyState::Closing);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7>
#[test]
fn messages_before_the_failure_are_received() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[text("one"), text("two"), frame(0xFF, "broken")]);
        assert_eq!(rig.texts(), ["one", "two"]);
        rig.expect_violation();
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7>
#[test]
fn other_end_that_stays_after_a_failure_is_given_up_after_the_timeout() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.receive(&[frame(0xFF, "broken")]);
        for _ in 0..5 {
            assert_eq!(rig.events, []);
            rig.receive(&[text("still here")]);
            rig.advance(1.0);
        }
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        assert_eq!(rig.peer.close_frame().map(|frame| frame.code()), Some(1002));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7>
#[test]
fn failure_while_closing_needs_no_second_close_frame() {
    for side in BOTH {
        let mut rig = Rig::open(side);
        rig.close(1000, "");
        rig.receive(&[frame(0xFF, "broken")]);
        assert_eq!(rig.frames(), [close(1000, "")]);
        rig.receive_end();
        assert_eq!(rig.events, [Event::Closed { clean: false }]);
        assert_eq!(rig.peer.error().map(|error| error.kind()), Some(ErrorKind::ProtocolViolation));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7>
#[test]
fn failure_of_one_end_is_a_close_frame_for_the_other() {
    let mut pair = Pair::open();
    pair.server.set_config(tungsten_core::Config { max_message_size: 10, ..tungsten_core::Config::default() });
    pair.client.send(Kind::Binary, &[0; 11], pair.now).unwrap();
    pair.poll(Side::Server);
    assert_eq!(pair.server.state(), ReadyState::Closing);
    pair.poll(Side::Client);
    assert_eq!(pair.client.close_frame().map(|frame| frame.code()), Some(1009));
    assert!(pair.client.error().is_none());
    // One poll for the answer and one for the end behind it.
    pair.poll(Side::Server);
    pair.poll(Side::Server);
    assert_eq!(pair.server.state(), ReadyState::Closed);
    assert_eq!(pair.server.error().map(|error| error.kind()), Some(ErrorKind::MessageTooBig));
}
