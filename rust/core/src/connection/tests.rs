use super::frames::{close, frame, parse, text};
use super::*;
use crate::error::ErrorKind;
use std::time::Duration;

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A client's connection, the clock, and frames as a server sends them.
struct Rig {
    connection: Connection,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { close_timeout: CLOSE_TIMEOUT, ..Config::default() };
        change(&mut config);
        Self::agreed(config, None)
    }

    fn agreed(config: Config, deflate: Option<DeflateParameters>) -> Self {
        let now = Instant::now();
        Self { connection: Connection::client(config, deflate, now), now }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.connection.handle_input(bytes, self.now);
    }

    fn advance(&mut self, duration: Duration) {
        self.now += duration;
        self.connection.handle_timeout(self.now);
    }

    /// Everything that waits to be written leaves.
    fn written(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while !self.connection.transmit().is_empty() {
            let front = self.connection.transmit().front().to_vec();
            self.connection.transmit().advance(front.len());
            self.connection.transmit().settle();
            self.connection.handle_transmitted();
            out.extend_from_slice(&front);
        }
        out
    }

    /// The frames that were written, unmasked: opcode and payload.
    fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        parse(&self.written())
    }

    /// Lets the connection take what it was given; returns how many polls that needed.
    fn poll_until_all_is_taken(&mut self) -> usize {
        let mut polls = 0;
        while !self.connection.wants_input() {
            self.connection.resume(self.now);
            polls += 1;
        }
        polls
    }

    fn messages(&mut self) -> Vec<String> {
        let messages = std::iter::from_fn(|| self.connection.receive());
        messages.map(|message| String::from_utf8_lossy(message.payload()).into_owned()).collect()
    }

    #[track_caller]
    fn expect_violation(&mut self, code: u16, kind: ErrorKind) {
        let frames = self.frames();
        let (opcode, payload) = frames.last().expect("a close frame");
        assert_eq!((*opcode, &payload[..2]), (8, &code.to_be_bytes()[..]));
        self.connection.handle_end_of_stream();
        match self.connection.end() {
            Some(End::Failed(frame, error)) => assert_eq!((frame.code(), error.kind()), (code, kind)),
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    #[track_caller]
    fn expect_lost(&self, kind: ErrorKind) {
        match self.connection.end() {
            Some(End::Lost(error)) => assert_eq!(error.kind(), kind),
            other => panic!("expected a loss, got {other:?}"),
        }
    }
}

fn close_frame(code: i64) -> CloseFrame {
    CloseFrame::to_send(code, "").unwrap()
}

#[test]
fn message_and_close_frame_in_one_piece_are_both_seen() {
    let mut rig = Rig::new();
    rig.feed(&[text("last words"), close(1000, "bye")].concat());
    assert_eq!(rig.messages(), ["last words"]);
    assert_eq!(rig.frames(), [(8, close(1000, "bye")[2..].to_vec())]);
    match rig.connection.end() {
        Some(End::Clean(frame)) => assert_eq!((frame.code(), frame.reason()), (1000, "bye")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn input_may_come_byte_by_byte() {
    let mut rig = Rig::new();
    let bytes = [text("one"), frame(0x01, b"tw"), frame(0x80, b"o"), close(1000, "")].concat();
    bytes.iter().for_each(|byte| rig.feed(&[*byte]));
    assert_eq!(rig.messages(), ["one", "two"]);
}

#[test]
fn ping_between_fragments_is_answered_and_leaves_the_message_intact() {
    let mut rig = Rig::new();
    rig.feed(&[frame(0x01, b"AAA"), frame(0x89, b"PING"), frame(0x80, b"BBB")].concat());
    assert_eq!(rig.messages(), ["AAABBB"]);
    assert_eq!(rig.frames(), [(10, b"PING".to_vec())]);
}

#[test]
fn close_frame_without_a_code_is_1005() {
    let mut rig = Rig::new();
    rig.feed(&frame(0x88, b""));
    assert_eq!(rig.connection.close_received().unwrap().code(), 1005);
    assert_eq!(rig.frames(), [(8, vec![])]);
}

#[test]
fn violations_are_answered_with_the_code_of_the_rfc() {
    use ErrorKind::{InvalidText, MessageTooBig, ProtocolViolation};
    for (bytes, code, kind) in [
        (frame(0xC1, b"rsv1"), 1002, ProtocolViolation),
        (frame(0x83, b"reserved opcode"), 1002, ProtocolViolation),
        (frame(0x80, b"nothing to continue"), 1002, ProtocolViolation),
        (frame(0x09, b"fragmented ping"), 1002, ProtocolViolation),
        (frame(0x89, &[0; 126]), 1002, ProtocolViolation),
        (frame(0x88, &[3]), 1002, ProtocolViolation),
        (vec![0x81, 0x80, 1, 2, 3, 4], 1002, ProtocolViolation),
        (frame(0x81, &[0xFF]), 1007, InvalidText),
        (frame(0x88, &[0x03, 0xE8, 0xFF]), 1007, InvalidText),
        (frame(0x82, &[0; 201]), 1009, MessageTooBig),
        ([frame(0x02, &[0; 150]), frame(0x80, &[0; 51])].concat(), 1009, MessageTooBig),
        (vec![0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009, MessageTooBig),
    ] {
        let mut rig = Rig::with(|config| config.max_message_size = 200);
        rig.feed(&[text("before"), bytes, text("after")].concat());
        assert_eq!(rig.messages(), ["before"]);
        rig.connection.resume(rig.now);
        rig.expect_violation(code, kind);
    }
}

#[test]
fn violations_are_told_in_sentences_of_ours() {
    for (bytes, message) in [
        (frame(0xC1, b"rsv1"), "a frame has a reserved bit that nothing gives a meaning"),
        (frame(0x83, b""), "a frame has the reserved opcode 3"),
        (frame(0x8B, b""), "a frame has the reserved opcode 11"),
        (frame(0x80, b"x"), "a frame continues a message, and none was begun"),
        ([frame(0x01, b"a"), frame(0x82, b"b")].concat(), "a message begins before the one under way has ended"),
        (frame(0x09, b"ping"), "a control frame is fragmented"),
        (frame(0x89, &[0; 126]), "a control frame has 126 bytes, and may have 125"),
        (frame(0x88, &[3]), "a close frame has one byte, which is half a code"),
        (vec![0x81, 0x80, 1, 2, 3, 4], "a frame of a server is masked"),
        (frame(0x81, &[0xFF]), "a text is not UTF-8"),
        ([frame(0x01, b"a"), frame(0x80, &[0xFF])].concat(), "a text is not UTF-8"),
        (frame(0x88, &[0x03, 0xE8, 0xFF]), "a text is not UTF-8"),
        (frame(0x82, &[0; 201]), "a message has 201 bytes or more, and may have 200"),
    ] {
        let mut rig = Rig::with(|config| config.max_message_size = 200);
        rig.feed(&bytes);
        rig.connection.handle_end_of_stream();
        match rig.connection.end() {
            Some(End::Failed(_, error)) => assert_eq!(error.message(), message),
            other => panic!("expected a failure, got {other:?}"),
        }
    }
}

#[test]
fn messages_in_one_frame_and_in_many_keep_their_order() {
    let mut rig = Rig::new();
    let fragmented = |a: &[u8], b: &[u8]| [frame(0x01, a), frame(0x80, b)].concat();
    rig.feed(&[text("1"), fragmented(b"2", b"3"), fragmented(b"4", b"5"), text("6"), fragmented(b"7", b"8")].concat());
    assert_eq!(rig.messages(), ["1", "23", "45", "6", "78"]);
}

#[test]
fn message_before_a_violation_can_be_answered() {
    let mut rig = Rig::new();
    rig.feed(&[text("question"), frame(0xC1, b"rsv1")].concat());
    assert_eq!(rig.connection.send(Kind::Text, b"answer"), Ok(()));
    rig.connection.resume(rig.now);
    let frames = rig.frames();
    assert_eq!(frames[0], (1, b"answer".to_vec()));
    assert_eq!((frames.len(), frames[1].0), (2, 8));
}

#[test]
fn violation_ends_within_the_close_timeout_if_the_other_side_stays() {
    let mut rig = Rig::new();
    rig.feed(&frame(0xC1, b"x"));
    rig.written();
    assert!(rig.connection.is_finished_writing() && rig.connection.end().is_none());
    rig.advance(CLOSE_TIMEOUT);
    assert!(matches!(rig.connection.end(), Some(End::Failed(frame, _)) if frame.code() == 1002));
}

#[test]
fn close_frame_leaves_behind_the_messages_that_wait() {
    let mut rig = Rig::new();
    for number in 0..200 {
        rig.connection.send(Kind::Text, number.to_string().as_bytes()).unwrap();
    }
    rig.connection.close(close_frame(1000), rig.now);
    let frames = rig.frames();
    assert_eq!(frames.len(), 201);
    assert!((0..200).all(|number| frames[number] == (1, number.to_string().into_bytes())));
    assert_eq!(frames[200], (8, vec![0x03, 0xE8]));
}

#[test]
fn close_that_is_never_answered_ends_after_the_timeout() {
    let mut rig = Rig::new();
    rig.connection.close(close_frame(1000), rig.now);
    rig.written();
    rig.advance(CLOSE_TIMEOUT - Duration::from_millis(1));
    assert!(rig.connection.end().is_none());
    rig.advance(Duration::from_millis(1));
    rig.expect_lost(ErrorKind::CloseTimeout);
}

#[test]
fn messages_still_arrive_while_closing() {
    let mut rig = Rig::new();
    rig.connection.close(close_frame(1000), rig.now);
    rig.written();
    rig.feed(&[text("late"), close(1000, "")].concat());
    assert_eq!(rig.messages(), ["late"]);
    assert!(matches!(rig.connection.end(), Some(End::Clean(_))));
    assert!(!rig.connection.was_close_requested());
}

#[test]
fn end_without_a_close_frame_is_a_loss() {
    let mut rig = Rig::new();
    rig.feed(&text("last words"));
    rig.connection.handle_end_of_stream();
    assert_eq!(rig.messages(), ["last words"]);
    rig.expect_lost(ErrorKind::ConnectionLost);
}

#[test]
fn close_received_but_not_answered_is_a_loss() {
    let mut rig = Rig::new();
    rig.feed(&close(1000, ""));
    rig.connection.handle_write_error("broken pipe", rig.now);
    rig.expect_lost(ErrorKind::ConnectionLost);
}

#[test]
fn full_receive_queue_pauses_reading_and_loses_nothing() {
    let mut rig = Rig::with(|config| config.inbound_high_water = 10);
    let messages: Vec<String> = (0..50).map(|number| format!("message {number}")).collect();
    rig.feed(&messages.iter().flat_map(|message| text(message)).chain(close(1000, "")).collect::<Vec<u8>>());
    assert!(!rig.connection.wants_input() && rig.connection.end().is_none());
    let mut read = Vec::new();
    for _ in 0..100 {
        read.extend(rig.messages());
        rig.connection.resume(rig.now);
    }
    assert_eq!(read, messages);
    rig.written();
    assert!(matches!(rig.connection.end(), Some(End::Clean(_))));
}

#[test]
fn outbound_marks_refuse_the_next_message_but_never_a_single_large_one() {
    let mut rig = Rig::with(|config| config.outbound_high_water = Some(100));
    assert_eq!(rig.connection.send(Kind::Binary, &[0; 70_000]), Ok(()));
    assert_eq!(rig.connection.send(Kind::Binary, &[0]), Err(SendError::Full));
    rig.written();
    assert_eq!(rig.connection.send(Kind::Binary, &[0]), Ok(()));

    let mut rig = Rig::with(|config| config.max_queued_messages = Some(1));
    assert_eq!(rig.connection.send(Kind::Binary, &[]), Ok(()));
    assert_eq!(rig.connection.send(Kind::Binary, &[]), Err(SendError::Full));
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_that_wait_count_as_the_application_sees_them() {
    let config = Config { outbound_high_water: Some(1000), ..Config::default() };
    let mut rig = Rig::agreed(config, Some(DeflateParameters::default()));
    assert_eq!(rig.connection.send(Kind::Binary, &[7; 1000]), Ok(()));
    assert!(rig.connection.transmit().front().len() < 100);
    assert_eq!(rig.connection.unsent_payload(), 1000);
    assert_eq!(rig.connection.send(Kind::Binary, &[7; 1000]), Err(SendError::Full));
    rig.written();
    assert_eq!(rig.connection.unsent_payload(), 0);
}

#[test]
fn what_may_not_be_sent_is_refused() {
    let mut rig = Rig::new();
    assert_eq!(rig.connection.send(Kind::Text, &[0xFF]), Err(SendError::InvalidText));
    assert_eq!(rig.connection.ping(&[0; 126]), Err(SendError::PingTooLong));
    assert_eq!(rig.connection.ping(&[0; 125]), Ok(()));
    rig.connection.close(close_frame(1000), rig.now);
    assert_eq!(rig.connection.send(Kind::Text, b"x"), Err(SendError::NotOpen));
    assert_eq!(rig.frames().len(), 2);
}

#[test]
fn empty_messages_travel_both_ways() {
    let mut rig = Rig::new();
    rig.connection.send(Kind::Text, b"").unwrap();
    rig.connection.send(Kind::Binary, b"").unwrap();
    assert_eq!(rig.frames(), [(1, vec![]), (2, vec![])]);
    rig.feed(&[text(""), frame(0x82, b"")].concat());
    assert_eq!(rig.messages(), ["", ""]);
}

#[test]
fn flood_of_pings_is_answered_within_a_bound() {
    let mut rig = Rig::new();
    rig.feed(&(0..100_000u32).flat_map(|number| frame(0x89, &number.to_be_bytes())).collect::<Vec<_>>());
    rig.poll_until_all_is_taken();
    let frames = rig.frames();
    assert!(frames.len() < 2000, "{}", frames.len());
    assert_eq!(frames.last(), Some(&(10, 99_999u32.to_be_bytes().to_vec())));
}

#[test]
fn flood_of_empty_fragments_is_spread_over_polls() {
    let mut rig = Rig::new();
    rig.feed(&[frame(0x01, b"a"), frame(0x00, b"").repeat(100_000), frame(0x80, b"b")].concat());
    let polls = rig.poll_until_all_is_taken();
    assert!((5..=7).contains(&polls), "{polls}");
    assert_eq!(rig.messages(), ["ab"]);
}

#[test]
fn raised_limit_is_in_force_at_once() {
    let mut rig = Rig::with(|config| config.max_message_size = 10);
    rig.connection.set_config(Config { max_message_size: 1000, ..Config::default() });
    rig.feed(&frame(0x82, &[b'x'; 500]));
    assert_eq!(rig.messages().len(), 1);
}

#[test]
fn heartbeat_pings_while_open_and_gives_up_on_silence() {
    let mut rig = Rig::with(|config| {
        config.heartbeat_interval = Some(Duration::from_secs(1));
        config.heartbeat_timeout = Duration::from_secs(2);
    });
    rig.advance(Duration::from_secs(1));
    let frames = rig.frames();
    assert_eq!(frames.len(), 1);
    rig.feed(&frame(0x8A, &frames[0].1));
    assert_eq!(rig.connection.round_trip(), Some(Duration::ZERO));
    rig.advance(Duration::from_secs(1));
    rig.advance(Duration::from_secs(2));
    rig.expect_lost(ErrorKind::HeartbeatTimeout);
}

#[test]
fn input_that_waits_for_room_is_not_moved_by_polls() {
    let mut rig = Rig::with(|config| config.inbound_high_water = 10);
    rig.feed(&text("a message of more than ten bytes").repeat(100));
    let end = |rig: &Rig| rig.connection.inbox.waiting().expect("it waits").as_ptr_range().end;
    let before = end(&rig);
    rig.connection.resume(rig.now);
    assert_eq!(end(&rig), before, "nothing was taken out");
    rig.connection.receive();
    rig.connection.resume(rig.now);
    assert_eq!(end(&rig), before, "one was taken out");
}
