//! Sizes, limits and floods, over real sockets.

mod support;

use std::time::{Duration, Instant};

use support::{Client, recorded_frames, request};
use tungsten_core::{Config, ErrorKind, Kind};
use tungsten_testkit::{Event as Seen, Fill, Frame, LeafKind, MessageKind, Server, Step};

fn binary(size: usize, count: usize) -> Step {
    Step::Fill(Fill { kind: MessageKind::Binary, size, count })
}

#[test]
fn b1_small_and_large_message_arrive_with_all_defaults() {
    let server = Server::start([Step::Upgrade, Step::Text("small".into()), binary(100_000, 1), Step::Hold]);
    let mut client = Client::open(&server.url());
    client.until(|client| client.messages.len() == 2);
    assert_eq!(client.messages[0].payload(), b"small");
    assert_eq!(client.messages[1].payload(), [b'a'; 100_000]);
}

/// Sends 70 KB, then 10 MB, with all defaults, and expects both back.
#[track_caller]
fn expect_large_echo(server: &Server) {
    let mut client = Client::open(&server.url());
    let large: Vec<u8> = (0..10_000_000u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    for payload in [&large[..70_000], &large] {
        client.until(|client| client.peer.buffered_amount() == 0);
        client.send(Kind::Binary, payload);
    }
    client.until(|client| client.messages.len() == 2);
    assert!(client.messages[0].payload() == &large[..70_000] && client.messages[1].payload() == large);
    client.close(1000, "");
    client.until_closed(true);
}

#[test]
fn b2_large_messages_are_sent_and_come_back_with_all_defaults() {
    expect_large_echo(&Server::start([Step::Upgrade, Step::Echo]));
}

#[test]
fn b2_large_messages_are_sent_and_come_back_over_tls() {
    expect_large_echo(&Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo]));
}

#[test]
fn b3_message_over_the_limit_ends_with_1009_after_the_messages_before_it() {
    let server = Server::start([Step::Upgrade, Step::Text("before".into()), binary(1001, 1), Step::Drain]);
    let config = Config { max_message_size: 1000, ..Config::default() };
    let mut client = Client::connect_with(config, request(&server.url()));
    client.until_closed(false);
    assert_eq!((client.texts(), client.close_frame().map(|(code, _)| code)), (vec!["before"], Some(1009)));
    let error = client.peer.error().unwrap();
    assert_eq!(error.kind(), ErrorKind::MessageTooBig);
    assert!(error.message().contains("1001") && error.message().contains("1000"), "{error}");
    assert!(matches!(&recorded_frames(&server)[..], [Seen::Close(1009, _)]));
}

#[test]
fn b4_limit_that_is_raised_while_open_is_in_force() {
    let server = Server::start([Step::Upgrade, Step::Wait("raised".into()), binary(1001, 1), Step::Hold]);
    let config = Config { max_message_size: 1000, ..Config::default() };
    let mut client = Client::connect_with(config, request(&server.url()));
    client.until_open();
    client.peer.set_config(Config::default());
    server.signal("raised");
    client.until(|client| !client.messages.is_empty());
}

#[test]
fn b5_burst_of_pings_takes_little_time_and_hides_nothing() {
    let pings = (0..100_000u32).flat_map(|number| Frame::ping(number.to_be_bytes()).encode()).collect();
    let server = Server::start([Step::Upgrade, Step::FrameRaw(pings), Step::Text("after".into()), Step::AnswerClose]);
    let begin = Instant::now();
    let mut client = Client::open(&server.url());
    client.until(|client| !client.messages.is_empty());
    assert!(client.longest_poll < Duration::from_secs(2), "{:?}", client.longest_poll);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    client.close(1000, "");
    client.until_closed(true);
    assert!(!recorded_frames(&server).iter().any(|event| matches!(event, Seen::Violation(_))));
}

#[test]
fn b5_header_that_claims_eight_exbibytes_is_refused_at_once() {
    let header = vec![0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    let server = Server::start([Step::Upgrade, Step::FrameRaw(header), Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.until_closed(false);
    assert_eq!(client.close_frame().map(|(code, _)| code), Some(1009));
}
