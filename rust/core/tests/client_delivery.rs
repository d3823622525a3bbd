//! Nothing is lost, over real sockets.

mod support;

use support::{Client, recorded_frames};
use tungsten_core::{ErrorKind, Event, Kind, Phase, ReadyState};
use tungsten_testkit::{Event as Seen, Fill, Fragment, LeafKind, MessageKind, Server, Step};

fn text(text: &str) -> Step {
    Step::Text(text.into())
}

fn close(code: u16) -> Step {
    Step::Close(code, "bye".into())
}

fn is_close_request(event: &Event) -> bool {
    matches!(event, Event::CloseRequested(_))
}

#[test]
fn a1_text_and_close_in_one_segment_are_both_seen() {
    let server = Server::start([Step::Upgrade, Step::Cork, text("last words"), close(4001), Step::Uncork, Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!(client.texts(), ["last words"]);
    assert_eq!(client.close_frame(), Some((4001, "bye")));
    assert!(client.events.iter().any(is_close_request));
    assert_eq!(recorded_frames(&server), [Seen::Close(4001, "bye".into())]);
}

#[test]
fn a1_application_that_reads_only_while_open_sees_the_text() {
    let server = Server::start([Step::Upgrade, Step::Cork, text("last words"), close(4001), Step::Uncork, Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.reads = false;
    client.until_open();
    client.until(|client| client.peer.queued_messages() > 0);
    assert_eq!(client.peer.state(), ReadyState::Open);
}

#[test]
fn a2_text_and_fin_without_a_close_frame_are_both_seen() {
    let server = Server::start([Step::Upgrade, Step::Cork, text("last words"), Step::Uncork, Step::Fin]);
    let mut client = Client::connect(&server.url());
    client.until_closed(false);
    assert_eq!((client.texts(), client.close_frame()), (vec!["last words"], None));
    let error = client.peer.error().unwrap();
    assert_eq!((error.phase(), error.kind()), (Phase::Open, ErrorKind::ConnectionLost), "{error}");
}

#[test]
fn a2_reset_without_a_close_frame_is_a_loss() {
    let server = Server::start([Step::Upgrade, text("last words"), Step::Expect(1), Step::Rst]);
    let mut client = Client::open(&server.url());
    client.until(|client| client.messages.len() == 1);
    client.send(Kind::Text, b"go");
    client.until_closed(false);
    assert_eq!(client.peer.error().map(|error| error.kind()), Some(ErrorKind::ConnectionLost));
}

#[test]
fn a3_two_hundred_messages_before_the_close_frame_all_arrive() {
    let fill = Fill { kind: MessageKind::Text, size: 10_000, count: 200 };
    let server = Server::start([Step::Upgrade, Step::Fill(fill), Step::Close(1000, String::new()), Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!((client.messages.len(), client.close_frame()), (200, Some((1000, ""))));
    let letters = (b'a'..=b'z').cycle();
    assert!(client.messages.iter().zip(letters).all(|(message, letter)| message.payload() == [letter; 10_000]));
}

#[test]
fn a4_two_hundred_sends_and_close_at_once_all_leave() {
    let server = Server::start([Step::Upgrade, Step::AnswerClose]);
    let mut client = Client::open(&server.url());
    let messages: Vec<String> = (0..200).map(|number| format!("{number} {}", "x".repeat(200))).collect();
    messages.iter().for_each(|message| client.send(Kind::Text, message.as_bytes()));
    client.close(1000, "done");
    client.until_closed(true);
    let sent = messages.into_iter().map(Seen::Text);
    let expected: Vec<Seen> = sent.chain([Seen::Close(1000, "done".into())]).collect();
    assert_eq!(recorded_frames(&server), expected);
}

#[test]
fn a4_large_messages_that_do_not_fit_into_the_socket_leave_before_the_close_frame() {
    let server = Server::start([Step::Upgrade, Step::Wait("read".into()), Step::AnswerClose]);
    let mut client = Client::open(&server.url());
    let large = vec![7; 30_000_000];
    client.send(Kind::Binary, &large);
    client.close(1000, "");
    assert!(client.peer.buffered_amount() > 0, "the socket took all of it");
    server.signal("read");
    client.until_closed(true);
    assert_eq!(recorded_frames(&server), [Seen::binary(&large), Seen::Close(1000, String::new())]);
}

#[test]
fn a5_unread_messages_stay_readable_while_closing_and_after() {
    let server = Server::start([Step::Upgrade, text("one"), text("two"), text("three"), Step::AnswerClose]);
    let mut client = Client::connect(&server.url());
    client.reads = false;
    client.until(|client| client.peer.queued_messages() == 3);
    client.close(1000, "");
    assert_eq!(client.peer.state(), ReadyState::Closing);
    client.messages.extend(client.peer.receive());
    client.until_closed(true);
    client.read();
    assert_eq!(client.texts(), ["one", "two", "three"]);
}

#[test]
fn a6_first_message_in_the_segment_of_the_101_arrives() {
    let server = Server::start([Step::Cork, Step::Upgrade, text("first"), Step::Uncork, Step::Hold]);
    let mut client = Client::open(&server.url());
    client.until(|client| !client.messages.is_empty());
    assert_eq!(client.texts(), ["first"]);
}

#[test]
fn a6_whole_life_in_one_segment_is_seen_in_order() {
    let server = Server::start([Step::Cork, Step::Upgrade, text("first"), close(4001), Step::Fin]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!((client.texts(), client.close_frame()), (vec!["first"], Some((4001, "bye"))));
}

#[test]
fn a7_ping_and_pong_between_fragments_leave_the_message_intact() {
    let fragment = |opcode, fin, payload: &str| Step::Fragment(Fragment { opcode, fin, payload: payload.into() });
    let server = Server::start([
        Step::Upgrade,
        fragment(1, false, "AAA"),
        Step::Ping("PING".into()),
        Step::Pong("PONG".into()),
        fragment(0, true, "BBB"),
        Step::AnswerClose,
    ]);
    let mut client = Client::open(&server.url());
    client.until(|client| !client.messages.is_empty());
    assert_eq!(client.texts(), ["AAABBB"]);
    client.close(1000, "");
    client.until_closed(true);
    assert_eq!(recorded_frames(&server), [Seen::Pong("PING".into()), Seen::Close(1000, String::new())]);
}

#[test]
fn a8_message_close_and_close_notify_in_one_burst_are_all_seen() {
    let server = Server::start([
        Step::Tls(LeafKind::Good),
        Step::Upgrade,
        Step::Cork,
        text("last words"),
        close(4001),
        Step::CloseNotify,
        Step::Fin,
        Step::Drain,
    ]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!((client.texts(), client.close_frame()), (vec!["last words"], Some((4001, "bye"))));
    let [Seen::Close(4001, _), farewell @ ..] = &recorded_frames(&server)[..] else { panic!("no close frame") };
    assert!(!farewell.iter().any(|event| matches!(event, Seen::Violation(_) | Seen::TlsError(_))), "{farewell:?}");
}

#[test]
fn a8_whole_life_over_tls_in_one_burst_is_seen_in_order() {
    let server = Server::start([
        Step::Tls(LeafKind::Good),
        Step::Cork,
        Step::Upgrade,
        text("first"),
        close(4001),
        Step::CloseNotify,
        Step::Fin,
    ]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!((client.texts(), client.close_frame()), (vec!["first"], Some((4001, "bye"))));
}

/// Sends texts and binary messages, empty ones too, and expects all of them back.
#[track_caller]
fn expect_echo(server: &Server) {
    let mut client = Client::open(&server.url());
    let sent: [(Kind, &[u8]); 5] = [
        (Kind::Text, "grüße".as_bytes()),
        (Kind::Text, b""),
        (Kind::Binary, &[0, 255, 128]),
        (Kind::Binary, b""),
        (Kind::Text, b"end"),
    ];
    sent.iter().for_each(|(kind, payload)| client.send(*kind, payload));
    client.until(|client| client.messages.len() == sent.len());
    let back: Vec<(Kind, &[u8])> = client.messages.iter().map(|message| (message.kind(), message.payload())).collect();
    assert_eq!(back, sent);
    client.close(1000, "");
    client.until_closed(true);
}

#[test]
fn a9_echo_returns_texts_binaries_and_empty_messages() {
    expect_echo(&Server::start([Step::Upgrade, Step::Echo]));
}

#[test]
fn a9_echo_over_tls_returns_texts_binaries_and_empty_messages() {
    expect_echo(&Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo]));
}

#[test]
fn a10_slow_reader_holds_the_server_back_and_loses_nothing() {
    let fill = Fill { kind: MessageKind::Binary, size: 10_000, count: 5000 };
    let server = Server::start([Step::Upgrade, Step::Fill(fill), Step::Close(1000, String::new()), Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.reads = false;
    client.until(|client| client.peer.queued_messages() > 5);
    (0..1000).for_each(|_| client.poll());
    let held = client.peer.queued_messages();
    assert!(held < 20, "{held} messages are held");
    assert!(!server.report().iter().any(|recorded| recorded.event == Seen::Done));
    client.reads = true;
    client.until_closed(true);
    assert_eq!(client.messages.len(), 5000);
}
