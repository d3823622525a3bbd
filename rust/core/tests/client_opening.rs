//! Requests as servers see them, and answers that real servers give.

mod support;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

use support::{Client, LONG, PATIENCE, network, recorded, request, request_lines, with_tls};
use tungsten_core::net::{Connector, Lookup, Resolver, Stream, TcpConnector, TlsOptions, Verification};
use tungsten_core::{Config, ErrorKind, Misuse, Network, Phase, WsUrl};
use tungsten_testkit::{BlackHole, Event, LeafKind, Options, Respond, Server, Step};

fn hold_upgraded() -> Server {
    Server::start([Step::Upgrade, Step::Hold])
}

/// A correct 101 with these lines instead of the usual ones.
fn switching(status: &str, connection: &str, more: &[String]) -> Step {
    let mut head = vec![
        status.to_owned(),
        "Upgrade: WebSocket".to_owned(),
        format!("Connection: {connection}"),
        "Sec-WebSocket-Accept: {accept}".to_owned(),
    ];
    head.extend_from_slice(more);
    Step::Respond(Respond { head, body: String::new() })
}

#[track_caller]
fn expect_open(answer: Step) {
    let server = Server::start([answer, Step::Text("open".into()), Step::Hold]);
    let mut client = Client::open(&server.url());
    client.until(|client| !client.messages.is_empty());
    assert_eq!(client.texts(), ["open"]);
}

#[test]
fn e1_connection_header_with_several_tokens_is_understood() {
    expect_open(switching("HTTP/1.1 101 Switching Protocols", "keep-alive, Upgrade", &[]));
}

#[test]
fn e1_header_with_an_empty_value_is_understood() {
    expect_open(switching("HTTP/1.1 101 Switching Protocols", "Upgrade", &["X-Empty:".to_owned()]));
}

#[test]
fn e1_five_kilobytes_of_cookies_are_understood() {
    let cookies: Vec<String> = (0..5).map(|n| format!("Set-Cookie: c{n}={}", "x".repeat(1024))).collect();
    expect_open(switching("HTTP/1.1 101 Switching Protocols", "Upgrade", &cookies));
}

#[test]
fn e1_missing_reason_phrase_is_understood() {
    expect_open(switching("HTTP/1.1 101", "Upgrade", &[]));
    expect_open(switching("HTTP/1.1 101 ", "Upgrade", &[]));
}

#[test]
fn e2_ipv6_host_keeps_its_brackets_and_the_path_is_encoded() {
    let options = Options { ipv6: true, ..Options::new([Step::Upgrade, Step::Hold]) };
    let server = Server::start_with(options).unwrap();
    Client::open(&format!("ws://[::1]:{}/a b?x=ü#frag", server.port()));
    let lines = request_lines(&server);
    assert_eq!(lines[0], "GET /a%20b?x=%C3%BC HTTP/1.1");
    assert!(lines.contains(&format!("Host: [::1]:{}", server.port())), "{lines:?}");
}

#[test]
fn e3_query_without_a_path_reaches_the_server() {
    let server = hold_upgraded();
    Client::open(&format!("{}?token=1", server.url()));
    let lines = request_lines(&server);
    assert_eq!(lines[0], "GET /?token=1 HTTP/1.1");
    assert!(lines.contains(&format!("Host: 127.0.0.1:{}", server.port())), "{lines:?}");
}

#[test]
fn e4_user_and_password_become_basic_authorization() {
    let server = hold_upgraded();
    Client::open(&format!("ws://user:pw@127.0.0.1:{}", server.port()));
    let lines = request_lines(&server);
    assert!(lines.contains(&"Authorization: Basic dXNlcjpwdw==".to_owned()), "{lines:?}");
    assert!(lines.contains(&format!("Host: 127.0.0.1:{}", server.port())), "{lines:?}");
}

#[test]
fn e5_line_breaks_are_refused_wherever_they_are() {
    let mut client = Client::new(Config::default());
    for breaks in ["\r\nX: 1", "\nX: 1", "\rX: 1", "\r\n", "\n", "\r"] {
        let header = format!("Name: value{breaks}");
        let mut with_header = request("ws://game.invalid/");
        with_header.headers = vec![header.clone()];
        assert_eq!(client.start(with_header), Err(Misuse::InvalidHeader(header)));

        let protocol = format!("chat{breaks}");
        let mut with_protocol = request("ws://game.invalid/");
        with_protocol.protocols = vec![protocol.clone()];
        assert_eq!(client.start(with_protocol), Err(Misuse::InvalidProtocol(protocol)));

        assert!(matches!(WsUrl::parse(&format!("ws://game.invalid/{breaks}")), Err(Misuse::InvalidUrl(_))));
    }
    client.poll();
    assert!(client.events.is_empty());
}

#[test]
fn e6_extension_that_was_not_requested_fails_with_a_reason() {
    let extension = "Sec-WebSocket-Extensions: permessage-deflate".to_owned();
    let server = Server::start([Step::UpgradeWith(vec![extension]), Step::Hold]);
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::UnexpectedExtension, "permessage-deflate");
}

#[test]
fn e6_protocol_that_was_not_requested_fails_with_a_reason() {
    let protocol = "Sec-WebSocket-Protocol: chess".to_owned();
    let server = Server::start([Step::UpgradeWith(vec![protocol]), Step::Hold]);
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::ProtocolMismatch, "chess");
}

#[test]
fn requested_protocols_and_headers_reach_the_server_and_its_choice_comes_back() {
    let server = Server::start([Step::UpgradeWith(vec!["Sec-WebSocket-Protocol: chess".into()]), Step::Hold]);
    let mut request = request(&server.url());
    request.protocols = vec!["go".into(), "chess".into()];
    request.headers = vec!["X-Ticket: 42".into()];
    let mut client = Client::connect_with(Config::default(), request);
    client.until_open();
    assert_eq!((client.peer.protocol(), client.peer.address()), ("chess", Some(server.address())));
    let lines = request_lines(&server);
    assert!(lines.contains(&"Sec-WebSocket-Protocol: go, chess".to_owned()), "{lines:?}");
    assert!(lines.contains(&"X-Ticket: 42".to_owned()), "{lines:?}");
}

#[test]
fn answer_in_pieces_of_one_byte_opens() {
    let server = Server::start([Step::Trickle(1), Step::Upgrade, Step::Text("slow".into()), Step::Hold]);
    let mut client = Client::open(&server.url());
    client.until(|client| !client.messages.is_empty());
}

#[test]
fn e7_server_name_is_sent_even_if_nothing_is_verified() {
    let server = Server::start([Step::Tls(LeafKind::SelfSigned), Step::Upgrade, Step::Hold]);
    let options = TlsOptions { verification: Verification::Nothing, ..TlsOptions::default() };
    let mut client = Client::connect_with(Config::default(), with_tls(&server.url(), &options));
    client.until_open();
    let sni = Event::Sni(Some("localhost".into()));
    assert!(recorded(&server, "sni").iter().any(|recorded| recorded.event == sni));
}

/// Knows two addresses of every host, and where on this machine each of them leads.
#[derive(Clone, Debug)]
struct Detour(HashMap<IpAddr, SocketAddr>);

const DEAD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const ALIVE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

impl Resolver for Detour {
    fn lookup(&self, _host: &str) -> Box<dyn Lookup> {
        Box::new(self.clone())
    }
}

impl Lookup for Detour {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        Poll::Ready(Ok(vec![DEAD, ALIVE]))
    }
}

impl Connector for Detour {
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        TcpConnector.connect(self.0[&address.ip()])
    }
}

#[test]
fn e9_second_address_is_tried_after_a_quarter_of_a_second() {
    let hole = BlackHole::open().unwrap();
    let server = hold_upgraded();
    let detour = Detour(HashMap::from([(DEAD, hole.address()), (ALIVE, server.address())]));
    let network = Network { resolver: Box::new(detour.clone()), connector: Box::new(detour) };
    let mut client = Client::new(Config::default());
    let begin = Instant::now();
    client.peer.connect(request("ws://two.invalid/"), network, begin).unwrap();
    client.until_open();
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(250) && took < PATIENCE / 2, "{took:?}");
    assert_eq!(client.peer.address(), Some(server.address()));
}

#[test]
fn address_that_never_answers_times_out_while_connecting() {
    let hole = BlackHole::open().unwrap();
    let config = Config { handshake_timeout: LONG, ..Config::default() };
    let mut client = Client::connect_with(config, request(&format!("ws://127.0.0.1:{}", hole.port())));
    client.until_phase(Phase::Connect);
    client.expire(LONG);
    client.expect_failed(Phase::Connect, ErrorKind::HandshakeTimeout, "connecting took longer than 3600s");
}

#[test]
fn peer_connects_again_after_its_end() {
    let server = Server::start([Step::Upgrade, Step::Text("hello".into()), Step::AnswerClose]);
    let mut client = Client::new(Config::default());
    for _ in 0..3 {
        client.events.clear();
        client.messages.clear();
        client.peer.connect(request(&server.url()), network(), Instant::now()).unwrap();
        client.until(|client| !client.messages.is_empty());
        client.close(1000, "");
        client.until_closed(true);
    }
}
