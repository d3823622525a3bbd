//! Nothing is lost: what arrived can be read, what was sent leaves.

use super::*;
use crate::connection::frames::{close, frame, text};

/// The peer was told `messages`, then that it is over; this is what an application that reads sees of it.
#[track_caller]
fn expect_messages_then_closed(rig: &mut Rig, messages: &[&str], clean: bool) {
    rig.expect_state(ReadyState::Open);
    assert_eq!(rig.messages(), messages);
    rig.expect_no_event();
    rig.poll();
    if clean {
        rig.expect_event(Event::CloseRequested(received_close(4001, "enough")));
    }
    rig.expect_closed(clean);
}

#[test]
fn message_in_one_piece_with_the_answer_is_readable_when_the_connection_opens() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    rig.feed(&[accepted, text("first")].concat());
    rig.expect_event(Event::Opened);
    rig.expect_state(ReadyState::Open);
    assert_eq!(rig.messages(), ["first"]);
}

#[test]
fn message_and_close_in_one_piece_are_seen_in_two_polls() {
    let mut rig = Rig::open();
    rig.feed(&[text("last words"), close(4001, "enough")].concat());
    expect_messages_then_closed(&mut rig, &["last words"], true);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn message_then_end_of_stream_is_a_loss_after_the_message() {
    let mut rig = Rig::open();
    rig.wire.end();
    rig.feed(&text("last words"));
    expect_messages_then_closed(&mut rig, &["last words"], false);
    assert_eq!(rig.close_code(), None);
    let message = "the other side ended the connection without a close frame";
    rig.expect_error(Phase::Open, ErrorKind::ConnectionLost, message);
}

#[test]
fn message_then_reset_is_a_loss_after_the_message() {
    let mut rig = Rig::open();
    rig.wire.fail_reads();
    rig.feed(&text("last words"));
    expect_messages_then_closed(&mut rig, &["last words"], false);
}

#[test]
fn whole_life_in_one_piece_is_seen_in_order() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    rig.wire.end();
    rig.feed(&[accepted, text("hello"), close(4001, "enough")].concat());
    rig.expect_event(Event::Opened);
    expect_messages_then_closed(&mut rig, &["hello"], true);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn answer_then_end_of_stream_opens_and_closes() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    rig.wire.end();
    rig.feed(&accepted);
    rig.expect_event(Event::Opened);
    rig.poll();
    rig.expect_closed(false);
}

#[test]
fn close_frame_and_end_of_stream_in_one_poll_are_a_clean_end() {
    let mut rig = Rig::open();
    rig.wire.set_room(0);
    rig.feed(&close(4001, "enough"));
    rig.wire.end();
    rig.poll();
    rig.expect_event(Event::CloseRequested(received_close(4001, "enough")));
    rig.expect_state(ReadyState::Closing);
    rig.wire.set_room(usize::MAX);
    rig.poll();
    assert_eq!(rig.frames(), [(CLOSE, close(4001, "enough")[2..].to_vec())]);
    rig.expect_closed(true);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn unread_messages_stay_readable_while_closing_and_after() {
    let mut rig = Rig::open();
    rig.feed(&[text("one"), text("two"), text("three")].concat());
    rig.close(1000);
    rig.expect_state(ReadyState::Closing);
    assert_eq!(rig.peer.receive().unwrap().payload(), b"one");
    rig.feed(&close(1000, ""));
    rig.expect_closed(true);
    assert_eq!((rig.peer.queued_messages(), rig.messages()), (2, vec!["two".to_owned(), "three".to_owned()]));
}

#[test]
fn two_hundred_messages_and_the_close_frame_leave_in_order_through_a_full_socket() {
    for room in [1, 7, 1000] {
        let mut rig = Rig::open();
        rig.wire.set_room(0);
        let messages: Vec<String> = (0..200).map(|number| format!("message {number}")).collect();
        messages.iter().for_each(|message| rig.send(message));
        let payload: usize = messages.iter().map(String::len).sum();
        assert_eq!(rig.peer.buffered_amount(), payload);
        rig.close(1000);
        while rig.peer.buffered_amount() > 0 {
            rig.wire.set_room(room);
            rig.poll();
        }
        rig.wire.set_room(usize::MAX);
        rig.poll();
        let frames = rig.frames();
        let expected = messages.into_iter().map(|message| (TEXT, message.into_bytes()));
        assert!(frames.iter().cloned().eq(expected.chain([(CLOSE, vec![0x03, 0xE8])])), "room {room}");
        rig.feed(&close(1000, ""));
        rig.expect_closed(true);
    }
}

#[test]
fn write_error_is_reported_once_and_unread_messages_stay() {
    let mut rig = Rig::open();
    rig.feed(&text("unread"));
    rig.wire.fail_writes();
    rig.wire.deliver(&text("on its way"));
    rig.wire.fail_reads();
    rig.send("lost");
    for _ in 0..3 {
        rig.poll();
    }
    rig.expect_closed(false);
    assert_eq!(rig.messages(), ["unread", "on its way"]);
    rig.expect_error(Phase::Open, ErrorKind::ConnectionLost, "the connection was lost: broken pipe");
}

#[test]
fn write_error_ends_within_the_close_timeout_if_reading_goes_on() {
    let mut rig = Rig::open();
    rig.wire.fail_writes();
    rig.send("lost");
    assert_eq!(rig.peer.send(Kind::Text, b"more", rig.now), Err(SendError::NotOpen));
    rig.poll();
    rig.expect_state(ReadyState::Closing);
    rig.feed(&text("still heard"));
    assert_eq!(rig.messages(), ["still heard"]);
    rig.advance(5.0);
    rig.expect_closed(false);
}

#[test]
fn close_frame_that_cannot_be_answered_still_tells_its_code() {
    let mut rig = Rig::open();
    rig.wire.fail_writes();
    rig.feed(&[text("last words"), close(4001, "enough")].concat());
    assert_eq!(rig.messages(), ["last words"]);
    rig.poll();
    rig.expect_event(Event::CloseRequested(received_close(4001, "enough")));
    rig.expect_closed(false);
    assert_eq!(rig.close_code(), Some(4001));
}

#[test]
fn back_pressure_leaves_the_data_in_the_stream_and_loses_none_of_it() {
    const COUNT: u32 = 4000;
    let mut rig = Rig::open_with(|config| config.heartbeat_interval = Some(Duration::from_secs(1)));
    let mut offered = 0;
    for number in 0..COUNT {
        let message = frame(0x82, &[&number.to_be_bytes()[..], &[7; 996]].concat());
        offered += message.len();
        rig.wire.deliver(&message);
    }
    for _ in 0..600 {
        rig.advance(1.0 / 60.0);
    }
    let held = offered - rig.wire.unread();
    assert!(held < 65535 + 64 * 1024, "{held} bytes are held");
    rig.expect_state(ReadyState::Open);

    let mut numbers = Vec::new();
    while rig.peer.queued_messages() > 0 {
        while let Some(message) = rig.peer.receive() {
            numbers.push(u32::from_be_bytes(message.payload()[..4].try_into().unwrap()));
        }
        rig.advance(1.0 / 60.0);
    }
    assert!(numbers.into_iter().eq(0..COUNT));
    rig.expect_state(ReadyState::Open);
    rig.expect_no_event();
}

#[test]
fn one_poll_reads_no_more_than_a_bound() {
    let mut rig = Rig::open_with(|config| {
        config.inbound_high_water = usize::MAX;
        config.max_queued_messages = None;
    });
    // As long as a read can be, so that each of them is worth another one.
    let piece = frame(0x82, &vec![0; 256 * 1024 - 10]);
    for _ in 0..100 {
        rig.wire.deliver(&piece);
    }
    rig.poll();
    assert_eq!(rig.peer.queued_messages(), MAX_READS);
    while rig.wire.unread() > 0 {
        rig.poll();
    }
    assert_eq!(rig.peer.queued_messages(), 100);
}

#[test]
fn no_pong_follows_the_close_frame() {
    let mut rig = Rig::open();
    rig.wire.set_room(0);
    for number in 0..10_000u32 {
        rig.feed(&frame(0x89, &number.to_be_bytes()));
    }
    rig.close(1000);
    rig.wire.set_room(usize::MAX);
    rig.poll();
    rig.poll();
    let frames = rig.frames();
    let pongs = frames.iter().take_while(|(opcode, _)| *opcode == PONG).count();
    assert_eq!((pongs + 1, frames.last().unwrap().0), (frames.len(), CLOSE));
}

#[test]
fn message_before_a_violation_in_one_piece_with_the_answer_can_be_answered() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    rig.feed(&[accepted, text("question"), frame(0x83, b"reserved opcode")].concat());
    assert_eq!(rig.messages(), ["question"]);
    rig.peer.send(Kind::Text, b"answer", rig.now).unwrap();
    rig.poll();
    let frames = parse(&rig.wire.take_written());
    assert_eq!(frames[0], (TEXT, b"answer".to_vec()));
    assert_eq!((frames.len(), frames[1].0), (2, CLOSE));
}

#[test]
fn no_delay_reaches_the_stream_of_an_open_connection_and_no_other() {
    let mut rig = Rig::with(|_| {});
    assert!(!rig.peer.set_no_delay(false));
    rig.connect();
    assert!(!rig.peer.set_no_delay(false));
    assert_eq!(rig.wire.no_delay(), None);
    rig.upgrade();
    for enabled in [false, true] {
        assert!(rig.peer.set_no_delay(enabled));
        assert_eq!(rig.wire.no_delay(), Some(enabled));
    }
}
