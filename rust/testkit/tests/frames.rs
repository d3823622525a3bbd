//! Steps that send and read frames.

mod rig;

use std::time::Duration;

use rig::{PATIENCE, events_until, upgraded};
use tungsten_testkit::{
    Event, FIN, Fill, Fragment, FragmentDigest, Frame, MessageKind, Options, RawClient, Server, Step,
};

#[track_caller]
fn expect_frame(client: &mut RawClient, expected: Frame) {
    assert_eq!(client.read_frame().unwrap(), Some(expected));
}

#[test]
fn each_sending_step_sends_its_frame() {
    let server = Server::start([
        Step::Upgrade,
        Step::Text("hello".into()),
        Step::Binary(vec![0, 255]),
        Step::Ping("p".into()),
        Step::Pong("q".into()),
        Step::FrameRaw(vec![0x81, 0x01, b'x']),
        Step::Close(1005, "forbidden".into()),
        Step::CloseEmpty,
    ]);
    let mut client = upgraded(&server);
    expect_frame(&mut client, Frame::text("hello"));
    expect_frame(&mut client, Frame::binary([0, 255]));
    expect_frame(&mut client, Frame::ping("p"));
    expect_frame(&mut client, Frame::pong("q"));
    expect_frame(&mut client, Frame::text("x"));
    expect_frame(&mut client, Frame::close(1005, "forbidden"));
    expect_frame(&mut client, Frame::close_with([]));
    assert_eq!(client.read_frame().unwrap(), None);
}

#[test]
fn fragments_are_sent_as_scripted() {
    let fragment = |opcode, fin, payload: &str| Step::Fragment(Fragment { opcode, fin, payload: payload.into() });
    let server = Server::start([Step::Upgrade, fragment(1, false, "he"), fragment(0, true, "llo")]);
    let mut client = upgraded(&server);
    expect_frame(&mut client, Frame::text("he").not_final());
    expect_frame(&mut client, Frame::new(FIN | Frame::CONTINUATION, "llo"));
}

#[test]
fn filled_messages_carry_their_number() {
    let fill = Fill { kind: MessageKind::Binary, size: 3000, count: 28 };
    let server = Server::start([Step::Upgrade, Step::Fill(fill)]);
    let mut client = upgraded(&server);
    for letter in (b'a'..=b'z').chain(b'a'..=b'b') {
        expect_frame(&mut client, Frame::binary(vec![letter; 3000]));
    }
    assert_eq!(client.read_frame().unwrap(), None);
}

#[test]
fn expected_messages_are_recorded_and_the_script_goes_on() {
    let server = Server::start([Step::Upgrade, Step::Expect(2), Step::Text("thanks".into())]);
    let mut client = upgraded(&server);
    client.send(Frame::text("one")).unwrap();
    client.send(Frame::ping("p")).unwrap();
    client.send(Frame::binary([7; 20]).not_final()).unwrap();
    client.send(Frame::new(FIN | Frame::CONTINUATION, [8])).unwrap();
    expect_frame(&mut client, Frame::pong("p"));
    expect_frame(&mut client, Frame::text("thanks"));
    let binary = [vec![7; 20], vec![8]].concat();
    assert_eq!(
        events_until(&server, "done"),
        [
            Event::Text("one".into()),
            Event::Ping("p".into()),
            Event::Fragment(FragmentDigest { opcode: 2, fin: false, size: 20 }),
            Event::Fragment(FragmentDigest { opcode: 0, fin: true, size: 1 }),
            Event::binary(&binary),
            Event::Done,
        ]
    );
}

#[test]
fn unmasked_frame_is_recorded_as_a_violation() {
    let server = Server::start([Step::Upgrade, Step::Expect(1)]);
    upgraded(&server).send_raw(&Frame::text("bare").encode()).unwrap();
    let events = events_until(&server, "done");
    assert!(matches!(&events[..], [Event::Violation(rule), Event::Text(_), Event::Done] if rule.contains("masked")));
}

#[test]
fn mute_server_counts_pings_without_answering() {
    let server = Server::start([Step::Upgrade, Step::Mute, Step::ExpectPing(2), Step::Text("two".into())]);
    let mut client = upgraded(&server);
    client.send(Frame::ping("1")).unwrap();
    client.send(Frame::ping("2")).unwrap();
    expect_frame(&mut client, Frame::text("two"));
}

#[test]
fn answered_close_repeats_code_and_reason() {
    let server = Server::start([Step::Upgrade, Step::AnswerClose]);
    let mut client = upgraded(&server);
    client.send(Frame::close(4001, "why")).unwrap();
    expect_frame(&mut client, Frame::close(4001, "why"));
    assert_eq!(events_until(&server, "done"), [Event::Close(4001, "why".into()), Event::Done]);
}

#[test]
fn drained_close_gets_no_answer() {
    let server = Server::start([Step::Upgrade, Step::Drain]);
    let mut client = upgraded(&server);
    client.send(Frame::text("late")).unwrap();
    client.send(Frame::close_with([])).unwrap();
    assert_eq!(client.read_frame().unwrap(), None);
    let events = events_until(&server, "done");
    assert_eq!(events, [Event::Text("late".into()), Event::Close(1005, String::new()), Event::Done]);
}

#[test]
fn script_fails_when_the_peer_leaves_too_early() {
    let server = Server::start([Step::Upgrade, Step::Expect(1)]);
    drop(upgraded(&server));
    let events = events_until(&server, "failed");
    assert_eq!(events, [Event::Eof, Event::Failed(r#"step 1, {"expect":1}: the peer is gone"#.into())]);
}

#[test]
fn script_fails_when_the_peer_is_silent_for_too_long() {
    let timeout = Duration::from_millis(20);
    let script = [Step::Upgrade, Step::Hold];
    let server = Server::start_with(Options { timeout, ..Options::new(script) }).unwrap();
    let mut client = upgraded(&server);
    let events = events_until(&server, "failed");
    assert_eq!(events, [Event::Failed(r#"step 1, "hold": timed out waiting for the peer"#.into())]);
    assert_eq!(client.read_frame().unwrap(), None);
}

#[test]
fn later_connections_follow_the_last_script() {
    let script = |text: &str| vec![Step::Upgrade, Step::Text(text.into())];
    let options = Options { scripts: vec![script("first"), script("later")], ..Options::new([]) };
    let server = Server::start_with(options).unwrap();
    for text in ["first", "later", "later"] {
        expect_frame(&mut upgraded(&server), Frame::text(text));
    }
    let recorded = server.wait_for_events("done", 3, PATIENCE).unwrap();
    let names = |connection| {
        let own = recorded.iter().filter(move |recorded| recorded.connection == connection);
        own.map(|recorded| recorded.event.name()).take(3).collect::<Vec<_>>()
    };
    assert_eq!([names(0), names(1), names(2)], [["accepted", "request", "done"]; 3]);
}
