//! Every state ends, over real sockets.

mod support;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use support::{Client, LONG, network, recorded, recorded_frames, request};
use tungsten_core::net::{Connector, Stream, TcpConnector};
use tungsten_core::{CloseFrame, Config, ErrorKind, Kind, Network, Phase, ReadyState};
use tungsten_testkit::{Event as Seen, LeafKind, Server, Step};

#[test]
fn c3_close_that_the_server_never_answers_ends_after_the_timeout() {
    let server = Server::start([Step::Upgrade, Step::Hold]);
    let config = Config { close_timeout: LONG, ..Config::default() };
    let mut client = Client::connect_with(config, request(&server.url()));
    client.until_open();
    client.close(1000, "bye");
    assert_eq!(client.peer.state(), ReadyState::Closing);
    recorded(&server, "close");
    client.expire(LONG);
    client.until_closed(false);
    let error = client.peer.error().unwrap();
    assert_eq!((error.phase(), error.kind()), (Phase::Close, ErrorKind::CloseTimeout), "{error}");
    assert_eq!(client.close_frame(), None);
    assert_eq!(recorded_frames(&server), [Seen::Close(1000, "bye".into()), Seen::Eof]);
}

#[test]
fn c4_long_reason_is_cut_at_a_character_boundary() {
    let server = Server::start([Step::Upgrade, Step::AnswerClose]);
    let mut client = Client::open(&server.url());
    client.close(1000, &"ü".repeat(100));
    client.until_closed(true);
    assert_eq!(recorded_frames(&server), [Seen::Close(1000, "ü".repeat(61))]);
}

/// A cable that can be pulled: from then on nothing arrives in either direction, and neither side is told.
#[derive(Clone, Debug, Default)]
struct Cable {
    is_pulled: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Wired {
    cable: Cable,
    stream: Box<dyn Stream>,
}

impl Connector for Cable {
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(Wired { cable: self.clone(), stream: TcpConnector.connect(address)? }))
    }
}

impl Stream for Wired {
    fn poll_connected(&mut self) -> io::Result<bool> {
        self.stream.poll_connected()
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cable.is_pulled.load(Ordering::Relaxed) {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            self.stream.receive(buf)
        }
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The system takes what it cannot deliver.
        if self.cable.is_pulled.load(Ordering::Relaxed) { Ok(bytes.len()) } else { self.stream.transmit(bytes) }
    }

    fn finish(&mut self) {
        self.stream.finish();
    }

    fn set_no_delay(&mut self, enabled: bool) {
        self.stream.set_no_delay(enabled);
    }

    fn peer_address(&self) -> Option<SocketAddr> {
        self.stream.peer_address()
    }
}

#[test]
fn c5_server_that_vanishes_is_given_up_after_interval_and_timeout_and_not_before() {
    let server = Server::start([Step::Upgrade, Step::Hold]);
    let config = Config { heartbeat_interval: Some(LONG), heartbeat_timeout: LONG, ..Config::default() };
    let mut client = Client::new(config);
    let cable = Cable::default();
    let network = Network { connector: Box::new(cable.clone()), ..network() };
    client.peer.connect(request(&server.url()), network, Instant::now()).unwrap();
    client.until_open();
    // While the server is there, it answers.
    client.expire(LONG);
    client.until(|client| client.peer.round_trip_time().is_some());
    cable.is_pulled.store(true, Ordering::Relaxed);
    client.expire(LONG);
    client.poll();
    assert_eq!(client.peer.state(), ReadyState::Open);
    client.expire(LONG);
    client.until_closed(false);
    let error = client.peer.error().unwrap();
    assert_eq!((error.phase(), error.kind()), (Phase::Open, ErrorKind::HeartbeatTimeout), "{error}");
}

#[test]
fn heartbeat_of_a_healthy_server_is_answered_and_measured() {
    let server = Server::start([Step::Upgrade, Step::ExpectPing(5), Step::Text("well".into()), Step::Hold]);
    let heartbeat_interval = Some(Duration::from_millis(20));
    let config = Config { heartbeat_interval, ..Config::default() };
    let mut client = Client::connect_with(config, request(&server.url()));
    client.until(|client| !client.messages.is_empty());
    assert_eq!(client.peer.state(), ReadyState::Open);
    assert!(client.peer.round_trip_time().is_some());
}

#[test]
fn close_frame_without_a_code_is_1005() {
    let server = Server::start([Step::Upgrade, Step::CloseEmpty, Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    assert_eq!(client.close_frame(), Some((1005, "")));
    assert_eq!(recorded_frames(&server), [Seen::Close(1005, String::new())]);
}

#[test]
fn leaving_says_1001_before_the_stream_ends() {
    let server = Server::start([Step::Upgrade, Step::Hold]);
    let mut client = Client::open(&server.url());
    client.send(Kind::Text, b"last words");
    client.peer.leave(Instant::now());
    assert_eq!(client.peer.state(), ReadyState::Closed);
    let expected = [Seen::Text("last words".into()), Seen::Close(1001, String::new()), Seen::Eof];
    assert_eq!(recorded_frames(&server), expected);
}

#[test]
fn leaving_over_tls_says_1001_before_the_stream_ends() {
    let server = Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Hold]);
    let mut client = Client::open(&server.url());
    client.peer.leave(Instant::now());
    let expected = [Seen::Close(1001, String::new()), Seen::CloseNotify, Seen::Eof];
    assert_eq!(recorded_frames(&server), expected);
}

#[test]
fn close_over_tls_ends_with_close_notify_and_not_with_a_reset() {
    let server =
        Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Close(1000, String::new()), Step::Hold]);
    let mut client = Client::connect(&server.url());
    client.until_closed(true);
    let expected = [Seen::Close(1000, String::new()), Seen::CloseNotify, Seen::Eof];
    assert_eq!(recorded_frames(&server), expected);
}

#[test]
fn violation_is_answered_with_the_code_that_is_reported() {
    let server = Server::start([Step::Upgrade, Step::FrameRaw(vec![0xC1, 0]), Step::Drain]);
    let mut client = Client::connect(&server.url());
    client.until_closed(false);
    assert_eq!(client.close_frame().map(|(code, _)| code), Some(1002));
    assert!(matches!(&recorded_frames(&server)[..], [Seen::Close(1002, _)]));
}

#[test]
fn close_while_opening_tells_nothing_and_hangs_up() {
    let server = Server::start([Step::ReadRequest, Step::Hold]);
    let mut client = Client::connect(&server.url());
    client.until(|client| client.peer.opening_phase() == Some(Phase::Handshake));
    let frame = CloseFrame::to_send(1000, "").unwrap();
    client.peer.close(frame, Instant::now());
    assert_eq!(client.peer.state(), ReadyState::Closed);
    recorded(&server, "eof");
    client.poll();
    assert!(client.events.is_empty());
}
