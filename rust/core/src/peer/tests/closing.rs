//! Every way to an end, and that each is reported once.

use super::*;
use crate::connection::frames::{close, frame, text};

#[test]
fn close_that_the_server_answers_is_clean() {
    let mut rig = Rig::open();
    rig.close(1000);
    assert_eq!(rig.frames(), [(CLOSE, vec![0x03, 0xE8])]);
    rig.expect_state(ReadyState::Closing);
    rig.feed(&close(1000, ""));
    rig.expect_closed(true);
    assert!(rig.peer.error().is_none() && rig.wire.is_finished());
}

#[test]
fn close_that_the_server_never_answers_ends_after_the_timeout() {
    let mut rig = Rig::open();
    rig.close(1000);
    rig.advance(4.9);
    rig.expect_state(ReadyState::Closing);
    rig.expect_no_event();
    rig.advance(0.1);
    rig.expect_closed(false);
    rig.expect_error(Phase::Close, ErrorKind::CloseTimeout, "closing took longer than 5s");
    assert_eq!(rig.close_code(), None);
}

#[test]
fn close_that_does_not_fit_into_the_socket_ends_after_the_timeout() {
    let mut rig = Rig::open();
    rig.wire.set_room(3);
    rig.send("stuck");
    rig.close(1000);
    rig.advance(5.0);
    rig.expect_closed(false);
    assert_eq!(rig.peer.buffered_amount(), 0);
}

#[test]
fn second_close_changes_nothing() {
    let mut rig = Rig::open();
    rig.close(1000);
    rig.advance(3.0);
    rig.close(4000);
    assert_eq!(rig.frames(), [(CLOSE, vec![0x03, 0xE8])]);
    rig.advance(2.0);
    rig.expect_closed(false);
    rig.close(1000);
    rig.expect_nothing_more();
}

#[test]
fn close_frames_that_cross_are_a_clean_end_that_nobody_requested() {
    let mut rig = Rig::open();
    rig.wire.deliver(&close(4001, "enough"));
    rig.close(1000);
    rig.poll();
    assert_eq!(rig.frames(), [(CLOSE, vec![0x03, 0xE8])]);
    rig.expect_closed(true);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn close_behind_a_message_that_was_seen_already_ends_with_the_code_of_the_server() {
    let mut rig = Rig::open();
    rig.feed(&[text("last words"), close(4001, "enough")].concat());
    rig.expect_state(ReadyState::Open);
    rig.close(1000);
    rig.poll();
    rig.expect_event(Event::CloseRequested(received_close(4001, "enough")));
    rig.expect_closed(true);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn violation_is_answered_and_reported_with_our_code() {
    let mut rig = Rig::open();
    rig.feed(&frame(0xC1, b"reserved bit"));
    let frames = rig.frames();
    assert_eq!((frames.len(), frames[0].0, &frames[0].1[..2]), (1, CLOSE, &1002u16.to_be_bytes()[..]));
    rig.expect_state(ReadyState::Closing);
    assert!(rig.wire.is_finished());
    rig.wire.end();
    rig.poll();
    rig.expect_closed(false);
    assert_eq!(rig.close_code(), Some(1002));
    assert_eq!(rig.peer.error().map(Error::kind), Some(ErrorKind::ProtocolViolation));
}

#[test]
fn violation_ends_within_the_close_timeout_if_the_server_goes_on() {
    let mut rig = Rig::open();
    rig.feed(&frame(0xC1, b"reserved bit"));
    for _ in 0..4 {
        rig.wire.deliver(&text("more"));
        rig.advance(1.0);
        rig.expect_state(ReadyState::Closing);
    }
    rig.advance(1.0);
    rig.expect_closed(false);
    assert_eq!((rig.close_code(), rig.messages()), (Some(1002), Vec::new()));
}

#[test]
fn violation_ends_at_once_on_a_stream_that_cannot_end_one_direction() {
    let mut rig = Rig::open();
    rig.wire.forbid_half_close();
    rig.wire.set_room(5);
    rig.feed(&frame(0xC1, b"reserved bit"));
    rig.expect_state(ReadyState::Closing);
    rig.wire.set_room(usize::MAX);
    rig.poll();
    assert_eq!(rig.frames()[0].1[..2], 1002u16.to_be_bytes());
    rig.expect_closed(false);
    assert_eq!(rig.close_code(), Some(1002));
}

#[test]
fn leaving_says_1001_and_finishes_the_stream() {
    let mut rig = Rig::open();
    rig.send("last words");
    rig.peer.leave(rig.now);
    assert_eq!(rig.frames(), [(TEXT, b"last words".to_vec()), (CLOSE, vec![0x03, 0xE9])]);
    assert!(rig.wire.is_finished() && rig.wire.is_dropped());
    rig.expect_state(ReadyState::Closed);
    rig.expect_nothing_more();
}

#[test]
fn leaving_while_opening_drops_the_stream() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.peer.leave(rig.now);
    assert!(rig.wire.is_dropped());
    rig.expect_state(ReadyState::Closed);
    rig.expect_nothing_more();
}

#[test]
fn leaving_without_a_connection_does_nothing() {
    let mut rig = Rig::new();
    rig.peer.leave(rig.now);
    rig.expect_state(ReadyState::Closed);
    rig.expect_nothing_more();
}

#[test]
fn abort_drops_the_stream_and_keeps_what_was_not_read() {
    let mut rig = Rig::open();
    rig.feed(&text("unread"));
    rig.peer.abort();
    assert!(rig.wire.is_dropped() && rig.frames().is_empty());
    rig.expect_state(ReadyState::Closed);
    rig.expect_nothing_more();
    assert_eq!(rig.messages(), ["unread"]);
}

#[test]
fn nothing_can_be_sent_unless_the_connection_is_open() {
    let mut rig = Rig::new();
    let refused = Err(SendError::NotOpen);
    assert_eq!(rig.peer.send(Kind::Text, b"x", rig.now), refused);
    rig.connect();
    assert_eq!(rig.peer.send(Kind::Text, b"x", rig.now), refused);
    assert_eq!(rig.peer.ping(b"x", rig.now), refused);
    rig.upgrade();
    rig.send("x");
    rig.close(1000);
    assert_eq!(rig.peer.send(Kind::Text, b"x", rig.now), refused);
    assert_eq!(rig.peer.ping(b"x", rig.now), refused);
}

#[test]
fn limit_that_is_raised_while_open_is_in_force() {
    let mut rig = Rig::open_with(|config| config.max_message_size = 10);
    let raised = Config { max_message_size: 100, ..rig.peer.config().clone() };
    rig.peer.set_config(raised);
    rig.feed(&frame(0x82, &[b'x'; 100]));
    assert_eq!(rig.messages().len(), 1);
    rig.feed(&frame(0x82, &[b'x'; 101]));
    rig.wire.end();
    rig.poll();
    rig.expect_closed(false);
    assert_eq!(rig.close_code(), Some(1009));
}

#[test]
fn close_timeout_holds_although_every_poll_brings_a_message() {
    let mut rig = Rig::open();
    rig.close(1000);
    for _ in 0..10 {
        rig.wire.deliver(&text("more"));
        rig.advance(0.5);
    }
    rig.wire.deliver(&text("too late"));
    rig.advance(0.1);
    rig.expect_closed(false);
    rig.expect_error(Phase::Close, ErrorKind::CloseTimeout, "closing took longer than 5s");
    assert!(!rig.messages().contains(&"too late".to_owned()));
}

#[test]
fn answer_to_our_close_that_breaks_the_protocol_is_reported_as_what_it_is() {
    let cases = [
        ("a code of one byte", frame(0x88, &[3]), 1002, ErrorKind::ProtocolViolation),
        ("a code that may not be sent", close(1006, ""), 1002, ErrorKind::ProtocolViolation),
        ("a reason that is not UTF-8", frame(0x88, &[0x0F, 0xA0, 0xFF]), 1007, ErrorKind::InvalidText),
        ("something else", frame(0xC1, b"reserved bit"), 1002, ErrorKind::ProtocolViolation),
    ];
    for (name, answer, code, kind) in cases {
        let mut rig = Rig::open();
        rig.peer.close(CloseFrame::to_send(4000, "bye").unwrap(), rig.now);
        rig.feed(&answer);
        rig.wire.end();
        rig.poll();
        rig.expect_closed(false);
        assert_eq!(rig.close_code(), Some(code), "{name}");
        let error = rig.peer.error().unwrap();
        assert_eq!((error.phase(), error.kind()), (Phase::Close, kind), "{name}");
        assert_eq!(rig.frames().len(), 1, "{name}: one close frame is all that may be sent");
    }
}

#[test]
fn answer_without_a_code_to_our_close_is_reported_as_1005() {
    let mut rig = Rig::open();
    rig.close(4000);
    rig.feed(&frame(0x88, b""));
    rig.expect_closed(true);
    assert_eq!(rig.close_code(), Some(1005));
}
